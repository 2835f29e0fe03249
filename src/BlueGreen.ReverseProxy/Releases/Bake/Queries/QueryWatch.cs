using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>The queries of one service of a release. Thread-safe: each query has one writer, and is read as a whole.</summary>
internal sealed class QueryWatch
{
    private readonly Service _service;
    private readonly ReleasedService _release;
    private volatile bool _ended;

    public QueryWatch(Service service, ReleasedService release, ImmutableArray<BakeQueryOptions> queries)
    {
        _service = service;
        _release = release;
        Queries = [.. queries.Select(query => new WatchedQuery(query, service[release.From].EnvironmentHeader, service[release.To].EnvironmentHeader))];
    }

    public string Name => _service.Name;

    public ImmutableArray<WatchedQuery> Queries { get; }

    /// <summary>False once the release no longer stands for the service.</summary>
    public bool IsOpen => !_ended;

    public ImmutableList<QueryFigures> Figures => [.. Queries.Select(query => query.Figures)];

    public IEnumerable<BakeFinding> Findings => _ended ? [] : Queries.Select(query => query.Find(Name)).OfType<BakeFinding>();

    /// <summary>What the queries are asked about.</summary>
    /// <remarks>
    /// While traffic is shifted, both slots serve and are read now. After the switch the old slot serves nobody: what it is compared by
    /// is its value when it last had all of the traffic.
    /// </remarks>
    public QueryTarget TargetOf(ReleaseState release) =>
        new(Name, _service[_release.From], _service[_release.To], release.Id, release.SwitchedAt is null ? null : release.Shift?.BegunAt ?? release.SwitchedAt);

    public void Restart()
    {
        foreach (var query in Queries)
        {
            query.Restart();
        }
    }

    public void End() => _ended = true;
}

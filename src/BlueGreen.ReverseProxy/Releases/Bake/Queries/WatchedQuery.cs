using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>One query of a service, watched during a bake. Its loop writes, anybody reads.</summary>
/// <param name="query">The query.</param>
/// <param name="from">The name of the old slot.</param>
/// <param name="to">The name of the new slot.</param>
internal sealed class WatchedQuery(BakeQueryOptions query, string from, string to)
{
    private QueryState _state = new();

    public BakeQueryOptions Options => query;

    public QueryState State => Volatile.Read(ref _state);

    /// <summary>The old slot's value at the moment before its traffic left it, once it is known: it does not change any more.</summary>
    public double? OldThen { get; set; }

    /// <summary>Takes a reading, unless the watch has begun anew since it was asked for: it speaks of the time before.</summary>
    /// <param name="before">The state when it was asked for.</param>
    /// <param name="after">The state with the reading.</param>
    public bool TryAdvance(QueryState before, QueryState after) => ReferenceEquals(Interlocked.CompareExchange(ref _state, after, before), before);

    public void Restart() => Volatile.Write(ref _state, new());

    /// <summary>What was found; null for nothing.</summary>
    public BakeFinding? Find(string service)
    {
        var state = State;
        return state.HasFailed(query) ? new BakeFinding(service, Metric, Describe(state), query.OnFailure)
            : state.IsMissingForTooLong(query)
                ? new BakeFinding(service, Metric, Describe(state), query.NoData == QueryNoDataAction.Hold ? BakeFailureAction.Hold : query.OnFailure)
            : null;
    }

    public QueryFigures Figures
    {
        get
        {
            var state = State;
            var status = state.HasFailed(query) || state.IsMissingForTooLong(query) ? QueryFigures.Failed
                : state.IsWithoutData ? QueryFigures.NoData
                : state.IsViolated ? QueryFigures.Violated
                : state.Last is null ? QueryFigures.Waiting
                : QueryFigures.Watching;
            return new QueryFigures(
                query.Name, status, state.Last?.New, state.Last?.Old, query.Min, state.Last?.Max(query) ?? query.Max, Math.Round(state.Violated.TotalSeconds, 3), state.At, Describe(state));
        }
    }

    private string Metric => $"query:{query.Name}";

    private string Describe(QueryState state) => state switch
    {
        { Last: null } => $"query {query.Name} on {to} not asked yet",
        { IsWithoutData: true, Last.NoData: { } reason } when !state.HasFailed(query) => $"query {query.Name} has no data{For(state.Missing)}: {reason}",
        { Known: { } known } => $"{QueryText.Of(query, known, from, to)}{(state.IsViolated ? For(state.Violated) : "")}",
        _ => throw new InvalidOperationException("A reading has data, or the reason why not."),
    };

    private static string For(TimeSpan time) => time > TimeSpan.Zero ? $", for {QueryText.Seconds(time)}" : "";
}

using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>A line for everything that happens, for a pipe or a log.</summary>
/// <param name="output">Where the lines go; null for nowhere.</param>
internal sealed class LinesView(TextWriter? output) : IReleaseView
{
    private int _seen;
    private long _left = -1;
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal);

    public Task<T> WhileAsync<T>(Func<Task<T>> follow) => follow();

    public void Show(ReleaseSnapshot snapshot)
    {
        if (_lost.Count > 0)
        {
            _lost.Clear();
            Write(snapshot.At, snapshot.Id, "gateway is back", null);
        }

        foreach (var happened in snapshot.Release.Events.Skip(_seen))
        {
            Write(happened.At, snapshot.Id, happened.Type, happened.Detail);
        }

        _seen = Math.Max(_seen, snapshot.Release.Events.Count);
        if (snapshot.Release is { Status: ReleaseStatus.Draining, Drain: { StartedWith: > 0 } drain } && drain.Remaining != _left)
        {
            _left = drain.Remaining;
            var kinds = snapshot.Left is { Total: > 0 } left ? $" ({Names.Kinds(left)})" : "";
            Write(snapshot.At, snapshot.Id, "draining", $"{drain.Remaining} of {drain.StartedWith} left{kinds}");
        }
    }

    public void Lost(string reason)
    {
        // Each reason once in an outage: the one that the connection broke by says less than why there is none now.
        if (_lost.Add(reason))
        {
            output?.WriteLine($"{Clean.Line(reason)} Trying again.");
        }
    }

    private void Write(DateTimeOffset at, string id, string what, string? detail) =>
        output?.WriteLine(Clean.Line($"{at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} {id} {what}{(string.IsNullOrEmpty(detail) ? "" : $": {detail}")}"));
}

using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>A line for everything that happens, for a pipe or a log.</summary>
/// <param name="output">Where the lines go; null for nowhere.</param>
internal sealed class LinesView(TextWriter? output) : IReleaseView
{
    // Often enough to see from a log where a shift is, and seldom enough to read the rest of it.
    private static readonly TimeSpan ShiftInterval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ComparisonInterval = TimeSpan.FromSeconds(10);

    private int _seen;
    private DateTimeOffset _told;
    private string? _waitingFor;
    private string? _hold;
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

        if (HeldRelease.Is(snapshot.Release) && snapshot.Release.Bake.Hold != _hold)
        {
            Write(snapshot.At, snapshot.Id, "held", $"waits for {HeldRelease.WaitsFor(snapshot.Release)}");
        }

        _hold = snapshot.Release.Bake.Hold;
        if (snapshot.Release.Bake.Comparison is { } comparison && snapshot.At - _told >= ComparisonInterval)
        {
            _told = snapshot.At;
            Write(snapshot.At, snapshot.Id, "confirming", BakeLines.Of(comparison, snapshot.Release, snapshot.At));
        }

        if (snapshot.Release.Shift is { } shift)
        {
            ShowShift(snapshot, shift);
        }
    }

    private void ShowShift(ReleaseSnapshot snapshot, ShiftStatus shift)
    {
        var release = snapshot.Release;
        if (release.Status == ReleaseStatus.Reverting && shift.Reversal is { } reversal && reversal.Remaining != _left)
        {
            _left = reversal.Remaining;
            Write(snapshot.At, snapshot.Id, "reverting", ShiftLines.Reverting(release, reversal));
        }

        if (release.Status != ReleaseStatus.Shifting || (shift.WaitingFor == _waitingFor && snapshot.At - _told < ShiftInterval))
        {
            return;
        }

        (_told, _waitingFor) = (snapshot.At, shift.WaitingFor);
        Write(snapshot.At, snapshot.Id, "shifting", ShiftLines.Where(release, shift, snapshot.At));
        foreach (var service in shift.Services)
        {
            var slots = ShiftLines.SlotsOf(release, service);
            Write(snapshot.At, snapshot.Id, "shifting", $"{ShiftLines.Reached(service, slots)}; {ShiftLines.Evidence(service, slots)}");
        }

        if (shift.WaitingFor is { } waitingFor)
        {
            Write(snapshot.At, snapshot.Id, "shifting", $"waits: {waitingFor}");
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

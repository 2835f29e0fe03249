using BlueGreen.Contracts;

namespace BlueGreen.Cli.Timelines;

/// <summary>
/// Where a moment is on the picture. Time is drawn to scale, but for the time in which a release waited for somebody: a night of that
/// must not leave a second for everything else.
/// </summary>
internal sealed class TimeAxis
{
    // What one wait may take of the width.
    private const double LongestWait = 0.12;

    private readonly List<(DateTimeOffset From, double X, double PerSecond)> _sections = [];
    private readonly double _left;
    private readonly double _right;

    public TimeAxis(ReleaseTimeline timeline, DateTimeOffset begin, DateTimeOffset end, double left, double right)
    {
        (Begin, End, _left, _right) = (begin, end, left, right);
        var total = Math.Max((end - begin).TotalSeconds, 0.001);
        var waits = timeline.Steps
            .Where(step => step.Name is "awaitingApproval" or "held" or "paused")
            .Select(step => (From: Max(step.From, begin), To: Min(step.To ?? end, end)))
            .Where(wait => (wait.To - wait.From).TotalSeconds > LongestWait * total)
            .ToList();
        Waits = waits;
        var room = right - left;
        var waiting = waits.Count * LongestWait * room;
        var rest = Math.Max(total - waits.Sum(wait => (wait.To - wait.From).TotalSeconds), 0.001);
        var scale = (room - waiting) / rest;
        var (at, x) = (begin, left);
        foreach (var (from, to) in waits)
        {
            Section(from, scale);
            Section(to, LongestWait * room / Math.Max((to - from).TotalSeconds, 0.001));
        }

        Section(end, scale);
        Scale = scale;

        void Section(DateTimeOffset until, double perSecond)
        {
            _sections.Add((at, x, perSecond));
            x += (until - at).TotalSeconds * perSecond;
            at = until;
        }
    }

    public DateTimeOffset Begin { get; }

    public DateTimeOffset End { get; }

    /// <summary>The parts that are not to scale.</summary>
    public IReadOnlyList<(DateTimeOffset From, DateTimeOffset To)> Waits { get; }

    /// <summary>Points per second where the time is to scale.</summary>
    public double Scale { get; }

    public double X(DateTimeOffset at)
    {
        var section = _sections.FindLast(section => section.From <= at);
        return section.PerSecond == 0 ? _left : Math.Clamp(section.X + ((at - section.From).TotalSeconds * section.PerSecond), _left, _right);
    }

    /// <summary>Round times since the beginning, with room for their labels.</summary>
    public IEnumerable<(DateTimeOffset At, string Label)> Ticks(double leastDistance)
    {
        double[] steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 604_800];
        var step = steps.FirstOrDefault(step => step * Scale >= leastDistance, steps[^1]);
        var last = double.NegativeInfinity;
        for (var index = 0L; index * step <= (End - Begin).TotalSeconds; index++)
        {
            var at = Begin.AddSeconds(index * step);
            if (X(at) - last >= leastDistance)
            {
                last = X(at);
                yield return (at, Label(index * step));
            }
        }
    }

    private static string Label(double seconds) => FormattableString.Invariant(seconds switch
    {
        < 60 => $"{seconds:0.#} s",
        < 3600 when seconds % 60 == 0 => $"{seconds / 60:0} min",
        < 3600 => $"{Math.Floor(seconds / 60):0} min {seconds % 60:0} s",
        _ when seconds % 3600 == 0 => $"{seconds / 3600:0} h",
        _ => $"{Math.Floor(seconds / 3600):0} h {seconds % 3600 / 60:0} min",
    });

    private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static DateTimeOffset Min(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}

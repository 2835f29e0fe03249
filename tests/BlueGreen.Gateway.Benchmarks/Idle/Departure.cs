using System.Diagnostics;

namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>How a WebSocket has ended.</summary>
internal enum DepartureKind
{
    /// <summary>With a close frame, and then in an orderly way.</summary>
    Closed = 0,

    /// <summary>The connection ended without a close frame.</summary>
    Torn = 1,

    /// <summary>The connection was reset.</summary>
    Reset = 2,
}

/// <summary>The end of one WebSocket.</summary>
/// <param name="Kind">How.</param>
/// <param name="Code">The code of the close frame; 0 without one.</param>
/// <param name="At">When it was learned, by the monotonic clock.</param>
internal sealed record Departure(DepartureKind Kind, int Code, long At);

/// <summary>The ends of all WebSockets of a cutover.</summary>
/// <param name="ServiceRestart">Closed with 1012.</param>
/// <param name="Others">Closed with another code.</param>
/// <param name="Torn">Ended without a close frame.</param>
/// <param name="Reset">Reset.</param>
/// <param name="Length">From the first to the last.</param>
/// <param name="MostWithinWindow">The largest number within any 100 ms.</param>
internal sealed record Departures(int ServiceRestart, int Others, int Torn, int Reset, TimeSpan Length, int MostWithinWindow)
{
    private const int ServiceRestartCode = 1012;

    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    public static Departures Of(IReadOnlyCollection<Departure> all)
    {
        var times = all.Select(departure => departure.At).Order().ToArray();
        var most = 0;
        var first = 0;
        for (var last = 0; last < times.Length; last++)
        {
            while (Stopwatch.GetElapsedTime(times[first], times[last]) >= Window)
            {
                first++;
            }

            most = Math.Max(most, last - first + 1);
        }

        var closed = all.Where(departure => departure.Kind == DepartureKind.Closed).ToList();
        var restart = closed.Count(departure => departure.Code == ServiceRestartCode);
        return new Departures(
            restart,
            closed.Count - restart,
            all.Count(departure => departure.Kind == DepartureKind.Torn),
            all.Count(departure => departure.Kind == DepartureKind.Reset),
            Stopwatch.GetElapsedTime(times[0], times[^1]),
            most);
    }
}

using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>The fixed limits of a bake, <c>MaxErrorRate</c> and <c>MaxP99</c>, over the last minute. One caller at a time.</summary>
/// <param name="options">The settings.</param>
/// <param name="slot">The slot that is watched, for people.</param>
/// <param name="time">The clock.</param>
internal sealed class BakeLimits(BakeOptions options, string slot, TimeProvider time)
{
    // The simple limits look at the last minute, and at nothing less than so many responses.
    private const int LeastResponses = 20;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly Queue<(long At, MeterReading Reading)> _lastMinute = [];

    /// <summary>Counts from here on.</summary>
    public void Begin(MeterReading origin)
    {
        _lastMinute.Clear();
        _lastMinute.Enqueue((time.GetTimestamp(), origin));
    }

    /// <summary>Looks at the last minute.</summary>
    /// <param name="reading">The slot's meter.</param>
    /// <param name="minClients">From how many clients what is bad has to come.</param>
    /// <param name="observer">Which clients there are.</param>
    /// <param name="isWarm">Whether slowness counts.</param>
    /// <returns>The limit that is exceeded, and by what; null for none.</returns>
    public (string Limit, string Reason)? Judge(MeterReading reading, int minClients, ResponseObserver observer, bool isWarm)
    {
        if (options is { MaxErrorRate: null, MaxP99: null })
        {
            return null;
        }

        while (_lastMinute.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > Window && _lastMinute.Count > 1)
        {
            _lastMinute.Dequeue();
        }

        var minute = reading.Since(_lastMinute.Peek().Reading);
        if (time.GetElapsedTime(_lastMinute.Last().At) >= Step)
        {
            _lastMinute.Enqueue((time.GetTimestamp(), reading));
        }

        if (minute.Trials < LeastResponses)
        {
            return null;
        }

        var (bad, trials) = (minute.Bad(FailureCodes.Errors), minute.Trials);
        if (options.MaxErrorRate is { } rate && bad > rate * trials && observer.BadOf(FailureCodes.Errors).Clients >= minClients)
        {
            return ("MaxErrorRate", $"{bad} of {Counted.Of(trials, "response")} failed on {slot} within a minute, {BakeText.Percent((double)bad / trials)}; at most {BakeText.Percent(rate)} is allowed");
        }

        return options.MaxP99 is { } most && isWarm && minute.QuantileMs(0.99) is { } p99 && p99 > most.TotalMilliseconds && observer.Seen.Count >= minClients
            ? ("MaxP99", $"the 99th percentile of {Counted.Of(minute.Latency, "response")} on {slot} within a minute was {BakeText.Milliseconds(p99)}; at most {BakeText.Milliseconds(most.TotalMilliseconds)} is allowed")
            : null;
    }
}

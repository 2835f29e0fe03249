using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>
/// Finds when a new slot has warmed up: for ten seconds, and a hundred responses, nothing has spoken against its latency. A slot that gets warm
/// after five seconds is judged after fifteen, and one that takes a minute is not rolled back for it. One caller at a time.
/// </summary>
/// <param name="plan">What the slot is held against.</param>
/// <param name="begin">Its meter now.</param>
/// <param name="time">The clock.</param>
internal sealed class WarmUp(BakePlan plan, MeterReading begin, TimeProvider time)
{
    private const int LeastResponses = 100;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private MeterReading _from = begin;
    private long _since = time.GetTimestamp();

    /// <summary>Whether it is over.</summary>
    /// <param name="reading">The slot's meter.</param>
    public bool IsOver(MeterReading reading)
    {
        if (time.GetElapsedTime(_since) < Window)
        {
            return false;
        }

        var counted = reading.Since(_from);
        if (counted.Latency < LeastResponses)
        {
            return false;
        }

        (_from, _since) = (reading, time.GetTimestamp());
        return plan.Latencies.All(latency => latency.Plan.Process is not { } process || process.LnE(counted.Latency, counted.AtLeast(latency.SlowAbove)) <= 0);
    }
}

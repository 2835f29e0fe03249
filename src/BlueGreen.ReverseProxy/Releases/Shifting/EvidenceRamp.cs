using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Releases.Shifting;

/// <summary>What one service's new slot has done so far, as a look at it finds it.</summary>
/// <param name="Answered">n: the responses that count.</param>
/// <param name="Bad">k: how many of them were bad, by all processes that have run the shift.</param>
/// <param name="Overdue">o: the requests that wait for longer than they may.</param>
/// <param name="Waiting">u: the other requests that wait.</param>
/// <param name="RequestsPerSecond">Of the whole service, both slots.</param>
/// <param name="Latency">L: the old slot's 99th percentile.</param>
internal sealed record RampLook(long Answered, long Bad, long Overdue, long Waiting, double RequestsPerSecond, TimeSpan Latency);

/// <summary>How fast a shift by evidence may go. Pure.</summary>
/// <remarks>
/// The weight rises as fast as the budget allows if every request that may still be unanswered fails with the highest rate that the data
/// does not speak against. That rate comes down as good responses come in, so the first looks are careful and the later ones are not.
/// </remarks>
internal static class EvidenceRamp
{
    /// <summary>Between two looks.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>With which it begins, in hundredths of a percent.</summary>
    public const int FirstWeight = 100;

    // Of what is left of the budget, what one look may risk.
    private const double Caution = 0.5;

    // The chance with which the true rate may lie above the one that is reckoned with, at any time.
    private const double Delta = 0.01;

    // As long as as much as this can't be excluded, no more than a quarter of the traffic.
    private const double UncertainRate = 0.05;
    private const double MostWhileUncertain = 0.25;

    /// <summary>p: the highest rate that the data does not speak against; 1 without data.</summary>
    public static double UpperRate(long answered, long bad) => ExcludedRate.Of(answered, Math.Min(bad, answered), Delta) ?? 1;

    /// <summary>The weight that may follow, in hundredths of a percent; never less than now.</summary>
    /// <param name="weight">The weight now.</param>
    /// <param name="budget">B.</param>
    /// <param name="look">What was seen.</param>
    public static int NextWeight(int weight, long budget, RampLook look)
    {
        var rate = UpperRate(look.Answered + look.Overdue, look.Bad + look.Overdue);
        var left = budget - look.Bad - look.Overdue - (look.Waiting * rate);
        if (left <= 0)
        {
            return weight;
        }

        var most = Caution * left / (rate * Math.Max(look.RequestsPerSecond, 1) * (Look + look.Latency).TotalSeconds);
        most = Math.Min(most, rate > UncertainRate ? MostWhileUncertain : 1);
        var next = (int)Math.Min(2.0 * weight, most * TrafficSplit.Whole);
        return Math.Clamp(next, weight, TrafficSplit.Whole);
    }
}

using BlueGreen.Gateway.Benchmarks.Overhead;

namespace BlueGreen.Gateway.Benchmarks.Mirroring;

/// <summary>What was measured of the clients' requests and of the gateway in one window.</summary>
/// <param name="Microseconds">How long each request took.</param>
/// <param name="Length">How long the window was.</param>
/// <param name="Processor">The gateway's processor time meanwhile.</param>
/// <param name="ResidentBytes">Its memory at the end.</param>
/// <param name="Copies">Copies that were sent, those to the active slot included.</param>
/// <param name="EndedBecause">Why the mirror has ended by itself meanwhile; null if it has not, or there was none.</param>
internal sealed record MirrorWindow(int[] Microseconds, TimeSpan Length, TimeSpan Processor, long ResidentBytes, long Copies, string? EndedBecause)
{
    public double P50 => RatioEstimate.Quantile([.. Microseconds.Select(time => (double)time)], 0.5) / 1000;

    public double P99 => RatioEstimate.Quantile([.. Microseconds.Select(time => (double)time)], 0.99) / 1000;

    public double RequestsPerSecond => Microseconds.Length / Length.TotalSeconds;

    public double MicrosecondsPerRequest => Processor.TotalMicroseconds / Microseconds.Length;

    public double CopiesPerRequest => (double)Copies / Microseconds.Length;
}

/// <summary>Two windows, one after the other, in changing order: what disturbs the machine disturbs both.</summary>
/// <param name="Without">No mirror.</param>
/// <param name="With">All requests are mirrored, as far as the limits allow.</param>
internal sealed record MirrorPair(MirrorWindow Without, MirrorWindow With);

/// <summary>One line of the table.</summary>
/// <param name="Standby">What the standby makes of copies.</param>
/// <param name="BodyBytes">The length of the answers.</param>
/// <param name="NoisePercent">The share of the copies with a second one to the active slot.</param>
/// <param name="Rate">Requests per second; 0 for as fast as the answers come.</param>
internal sealed record MirrorCell(StandbyKind Standby, int BodyBytes, int NoisePercent, int Rate);

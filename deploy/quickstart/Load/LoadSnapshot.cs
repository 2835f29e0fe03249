using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Load;

/// <summary>What the clients have seen so far.</summary>
/// <param name="Requests">Requests that have ended, failed ones included.</param>
/// <param name="Failures">How often each kind of failure was seen.</param>
/// <param name="OnOldSlot">Requests that started after a switch was acknowledged and were served by the old slot all the same.</param>
/// <param name="Reconnects">Connections that clients had to open anew.</param>
internal sealed record LoadSnapshot(long Requests, IReadOnlyDictionary<string, int> Failures, long OnOldSlot, long Reconnects)
{
    public long Failed => Failures.Values.Sum();

    /// <summary>Answers in the last second.</summary>
    public double PerSecond { get; init; }

    /// <summary>Blue's share of the last second's answers, 0 to 1.</summary>
    public double BlueShare { get; init; }

    /// <summary>Green's share of the last second's answers, 0 to 1.</summary>
    public double GreenShare { get; init; }

    /// <summary>The median latency of the last minute, in milliseconds.</summary>
    public double P50 { get; init; }

    /// <summary>What 99 of 100 requests stayed below in the last minute, in milliseconds.</summary>
    public double P99 { get; init; }

    public double ShareOf(SlotName slot) => slot == SlotName.Blue ? BlueShare : GreenShare;
}

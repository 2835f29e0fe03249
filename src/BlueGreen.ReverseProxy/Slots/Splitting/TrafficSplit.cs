using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Slots.Splitting;

/// <summary>How the requests of a service are split between its slots while both serve. Immutable, a part of a <see cref="ServiceRoute"/>.</summary>
/// <param name="To">The new slot. While a release shifts requests there, the other one is active; while a bake is confirmed, this one is.</param>
/// <param name="Weight">How many of <see cref="Whole"/> keys go there.</param>
/// <param name="Keying">What requests are told apart by; the same for all weights of a shift.</param>
/// <param name="Watch">What the slots do meanwhile; the same for all weights of a shift.</param>
internal sealed record TrafficSplit(SlotName To, int Weight, SplitKeying Keying, SplitWatch Watch)
{
    /// <summary>Weights are hundredths of a percent.</summary>
    public const int Whole = 10_000;

    /// <summary>The old slot, which takes the rest.</summary>
    public SlotName Rest { get; } = To.Other();

    /// <summary>
    /// Whether a request goes to the new slot. A pure function of the key and the weight that only ever turns from no to yes while the
    /// weight grows: a client that has seen the new version is not sent back.
    /// </summary>
    public bool Takes(in SplitKey key) => key.IsNew ?? key.Bucket < Weight;
}

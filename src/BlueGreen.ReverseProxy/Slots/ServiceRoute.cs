using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Where the requests of one service go; immutable, a row of the <see cref="RoutingTable"/>.</summary>
/// <param name="Active">The slot that serves.</param>
internal sealed record ServiceRoute(SlotName Active)
{
    private static readonly ServiceRoute ToBlue = new(SlotName.Blue);
    private static readonly ServiceRoute ToGreen = new(SlotName.Green);

    public static ServiceRoute To(SlotName active) => active == SlotName.Blue ? ToBlue : ToGreen;

    /// <summary>The slot for a request. A pure function: the same route gives the same request the same slot.</summary>
    /// <param name="key">What the request is told apart by.</param>
    /// <param name="purpose">What the request is sent for.</param>
    public SlotName Choose(in RequestKey key, Purpose purpose) => purpose == Purpose.Serve ? Active : Active.Other();
}

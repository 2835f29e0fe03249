using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Where the requests of one service go; immutable, a row of the <see cref="RoutingTable"/>.</summary>
/// <param name="Active">The slot that serves; while requests are split, both do.</param>
/// <param name="Maintenance">Set while the service is closed to its clients.</param>
internal sealed record ServiceRoute(SlotName Active, Maintenance? Maintenance = null)
{
    private static readonly ServiceRoute ToBlue = new(SlotName.Blue);
    private static readonly ServiceRoute ToGreen = new(SlotName.Green);

    /// <summary>Set while a release shifts requests to the standby, or compares its slots.</summary>
    public TrafficSplit? Split { get; init; }

    /// <summary>Set while new requests wait at the gateway.</summary>
    public Hold? Hold { get; init; }

    public static ServiceRoute To(SlotName active) => active == SlotName.Blue ? ToBlue : ToGreen;

    /// <summary>
    /// Whether requests that are sent for this purpose are let in. Maintenance closes a service to its clients; whoever looks at the standby is
    /// none. A hold lets nobody in: clients wait, all others are refused.
    /// </summary>
    public bool Admits(Service service, Purpose purpose) => (Maintenance is null || purpose != Purpose.Serve) && !IsHeld(service);

    /// <summary>Whether the service is held. A hold may be over before the next table says so.</summary>
    public bool IsHeld(Service service) => Hold is { } hold && service.Held.Keeps(hold);

    /// <summary>Whether clients' requests may go to this slot. The one question of whoever deploys, takes down, or waits for a drain.</summary>
    public bool Serves(SlotName slot) => Active == slot || Split is not null;

    /// <summary>The slot for a request. A pure function: the same route gives the same request the same slot.</summary>
    /// <param name="key">What the request is told apart by.</param>
    /// <param name="purpose">What the request is sent for.</param>
    public SlotName Choose(ref RequestKey key, Purpose purpose) =>
        purpose != Purpose.Serve ? Active.Other()
        : Split is not { } split ? Active
        : split.Takes(key.For(split.Keying)) ? split.To
        : split.Rest;
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>A configured service, its slots, and its place in every <see cref="RoutingTable"/>.</summary>
internal sealed class Service(int index, ServiceOptions options, TimeProvider time)
{
    public int Index { get; } = index;

    public ServiceOptions Options { get; } = options;

    public string Name => Options.Name;

    public Slot Blue { get; } = new(SlotName.Blue, options.Blue, options.LongLived, time, MeterOf(SlotName.Blue, options));

    public Slot Green { get; } = new(SlotName.Green, options.Green, options.LongLived, time, MeterOf(SlotName.Green, options));

    public Slot this[SlotName slot] => slot == SlotName.Blue ? Blue : Green;

    private static SlotMeter MeterOf(SlotName slot, ServiceOptions options) => new(slot, new FailureCodes([.. options.Bake.FailOn.Select(metric => metric.Codes)]));
}

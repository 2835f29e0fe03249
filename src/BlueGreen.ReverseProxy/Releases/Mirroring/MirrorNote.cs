using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Releases.Mirroring;

/// <summary>Says before a release that no production request was ever copied to what the standby holds.</summary>
internal sealed class MirrorNote(MirrorRuns runs, RoutingTablePublisher tables)
{
    /// <summary>The note; null where there is nothing to say, or nobody wants to hear it.</summary>
    /// <param name="target">The service and its slots.</param>
    /// <param name="active">The slot that is active.</param>
    public string? Of(GateTarget target, SlotName active)
    {
        // Where the gate is configured, it says so itself.
        var (service, options) = (target.Service, target.Service.Options.Traffic.Mirror);
        if (!options.PreflightNote || options.Gate is not null || target.From.Name != active || !tables.Current.Bindings.Any(entry => entry.Value.Service == service))
        {
            return null;
        }

        var run = runs.NewestOf(service);
        var why = MirrorGate.WhyNotAbout(target, run) ?? (run!.Counts.Answered == 0 ? "the mirror has compared nothing yet" : null);
        return why is null
            ? null
            : $"What {target.To.Name.ToText()} holds was never compared with {active.ToText()} by production requests: {why}.";
    }
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Gates;

/// <summary>Makes the target of a plan from the state.</summary>
internal static class GateTargets
{
    public static GateTarget Of(GatewayState state, Service service, SlotName to) =>
        new(service, service[to.Other()], service[to], state.Services[service.Name].KnownBad, state.Services[service.Name][to]?.Version, state.Services[service.Name].Generation);
}

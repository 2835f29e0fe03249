using BlueGreen.ReverseProxy.Routing;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>A request's registration in the in-flight count of the slot that serves it; a feature of the request.</summary>
internal sealed class SlotLease(Slot slot, HttpResponse response)
{
    public Slot Slot { get; } = slot;

    public HttpResponse Response { get; } = response;

    /// <summary>
    /// Taken when the lease is. A request that is held up between the two finds either the signal of this drain, raised or to be
    /// raised, or, if the slot has become active again meanwhile, the new one; in each case the one that speaks for its slot.
    /// </summary>
    public DrainSignal Drain { get; } = slot.Drain;

    public void Release() => Slot.InFlight.Decrement();
}

using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>A copy of a request for one slot, and its answer.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Route">How that slot serves the route.</param>
/// <param name="Request">The request.</param>
/// <param name="Answer">The answer.</param>
/// <param name="IsRepeated">Whether the slot gets the same request already: for load, the answer is not compared.</param>
internal sealed record MirroredCopy(Slot Slot, SlotRoute Route, MirroredRequest Request, MirrorAnswer Answer, bool IsRepeated = false);

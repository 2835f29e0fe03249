
namespace BlueGreen.ReverseProxy.Slots;

/// <summary>The moment in which a slot stopped being the active one, as this process saw it.</summary>
/// <param name="At">The monotonic time.</param>
/// <param name="InFlight">What was in flight right after it.</param>
/// <param name="Signal">Cancels what was; the slot gets another one before it becomes active again.</param>
internal sealed record SlotExit(long At, long InFlight, DrainSignal Signal);

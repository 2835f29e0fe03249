using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Load;

/// <summary>
/// What the gateway has promised by acknowledging a switch: no request that starts from now on reaches the old slot.
/// Compared by reference: a request that outlives its acknowledgement is not held against it.
/// </summary>
/// <param name="oldSlot">The slot that was left; null while a switch is under way and nothing is promised.</param>
internal sealed class Acknowledgement(SlotName? oldSlot)
{
    public static Acknowledgement None { get; } = new(null);

    public SlotName? OldSlot => oldSlot;
}

using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Administration;

/// <summary>One of two slots, by name.</summary>
internal static class SlotPairs
{
    public static SlotStatus Of(this SlotPair slots, SlotName slot) => slot == SlotName.Blue ? slots.Blue : slots.Green;
}

using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>The two slots of a service. On the wire <c>"blue"</c> and <c>"green"</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SlotName>))]
public enum SlotName : byte
{
    /// <summary>The blue slot.</summary>
    [JsonStringEnumMemberName("blue")]
    Blue = 0,

    /// <summary>The green slot.</summary>
    [JsonStringEnumMemberName("green")]
    Green = 1,
}

/// <summary>What can be asked of a <see cref="SlotName"/>.</summary>
public static class SlotNames
{
    /// <summary>The two slots, blue first.</summary>
    public static IReadOnlyList<SlotName> All { get; } = [SlotName.Blue, SlotName.Green];

    /// <summary>The other slot.</summary>
    public static SlotName Other(this SlotName slot) => slot == SlotName.Blue ? SlotName.Green : SlotName.Blue;

    /// <summary>The name as it is written everywhere: <c>blue</c> or <c>green</c>.</summary>
    public static string ToText(this SlotName slot) => slot == SlotName.Blue ? "blue" : "green";

    /// <summary>Reads <c>blue</c> or <c>green</c>, in any case.</summary>
    /// <param name="text">The text to read; null and anything else give false.</param>
    /// <param name="slot">The slot, when true is returned.</param>
    public static bool TryParse(string? text, out SlotName slot)
    {
        slot = string.Equals(text, "green", StringComparison.OrdinalIgnoreCase) ? SlotName.Green : SlotName.Blue;
        return slot == SlotName.Green || string.Equals(text, "blue", StringComparison.OrdinalIgnoreCase);
    }
}

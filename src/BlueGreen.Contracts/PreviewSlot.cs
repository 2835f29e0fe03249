using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>The slot that a preview shows. On the wire <c>"standby"</c>, <c>"blue"</c> and <c>"green"</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PreviewSlot>))]
public enum PreviewSlot : byte
{
    /// <summary>Whichever slot is not active: follows every switch.</summary>
    [JsonStringEnumMemberName("standby")]
    Standby = 0,

    /// <summary>The blue slot, active or not.</summary>
    [JsonStringEnumMemberName("blue")]
    Blue = 1,

    /// <summary>The green slot, active or not.</summary>
    [JsonStringEnumMemberName("green")]
    Green = 2,
}

/// <summary>What can be asked of a <see cref="PreviewSlot"/>.</summary>
public static class PreviewSlots
{
    /// <summary>The name as it is written everywhere: <c>standby</c>, <c>blue</c> or <c>green</c>.</summary>
    public static string ToText(this PreviewSlot slot) => slot switch
    {
        PreviewSlot.Blue => "blue",
        PreviewSlot.Green => "green",
        _ => "standby",
    };

    /// <summary>The slot that it always is; null for the standby.</summary>
    public static SlotName? Fixed(this PreviewSlot slot) => slot switch
    {
        PreviewSlot.Blue => SlotName.Blue,
        PreviewSlot.Green => SlotName.Green,
        _ => null,
    };

    /// <summary>Reads <c>standby</c>, <c>blue</c> or <c>green</c>, in any case.</summary>
    /// <param name="text">The text to read; null and anything else give false.</param>
    /// <param name="slot">The slot, when true is returned.</param>
    public static bool TryParse(string? text, out PreviewSlot slot)
    {
        foreach (var known in new[] { PreviewSlot.Standby, PreviewSlot.Blue, PreviewSlot.Green })
        {
            if (string.Equals(text, known.ToText(), StringComparison.OrdinalIgnoreCase))
            {
                slot = known;
                return true;
            }
        }

        slot = default;
        return false;
    }
}

using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using Spectre.Console;

namespace BlueGreen.Cli.Output;

/// <summary>How things are written for people.</summary>
internal static class Names
{
    /// <summary>A status or verdict as it is written on the wire.</summary>
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    public static SlotStatus Of(this SlotPair slots, SlotName slot) => slot == SlotName.Blue ? slots.Blue : slots.Green;

    public static Color ColorOf(SlotName slot) => slot == SlotName.Blue ? Color.DodgerBlue1 : Color.Green;

    public static Color ColorOf(HealthState health) => health switch
    {
        HealthState.Healthy => Color.Green,
        HealthState.Unhealthy => Color.Red,
        _ => Color.Yellow,
    };

    /// <summary><c>orders blue to green, billing blue to green</c>.</summary>
    public static string Switches(Release release) =>
        string.Join(", ", release.Services.Select(service => $"{service.Name} {service.From.ToText()} to {service.To.ToText()}"));

    /// <summary><c>2 requests, 1 stream</c>: only the kinds that are there.</summary>
    public static string Kinds(InFlightCounts counts)
    {
        var kinds = new[] { Count(counts.Requests, "request"), Count(counts.Streams, "stream"), Count(counts.Upgrades, "upgrade") }.Where(kind => kind is not null).ToList();
        return kinds.Count == 0 ? "nothing" : string.Join(", ", kinds);
    }

    public static string Plural(long number, string noun) => Counted.Of(number, noun);

    private static string? Count(long number, string noun) => number == 0 ? null : Plural(number, noun);
}

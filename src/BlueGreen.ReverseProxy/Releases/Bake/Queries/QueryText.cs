using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>Readings of queries in words and numbers.</summary>
internal static class QueryText
{
    private const double Large = 1000;

    /// <summary>Such as <c>query checkout-errors on green 0.031, blue 0.01, at most 0.015</c>.</summary>
    public static string Of(BakeQueryOptions query, QueryReading reading, string from, string to)
    {
        var old = reading.Old is { } value ? $", {from} {Number(value)}" : "";
        var min = query.Min is { } least ? $", at least {Number(least)}" : "";
        var max = reading.Max(query) is { } most ? $", at most {Number(most)}" : "";
        return $"query {query.Name} on {to} {Number(reading.New!.Value)}{old}{min}{max}";
    }

    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    /// <summary>Four significant digits.</summary>
    public static string Number(double value) => Math.Abs(value) >= Large
        ? value.ToString("0.##", CultureInfo.InvariantCulture)
        : value.ToString("G4", CultureInfo.InvariantCulture);
}

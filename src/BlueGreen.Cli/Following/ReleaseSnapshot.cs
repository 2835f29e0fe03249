using System.Text.Json.Nodes;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>A release at one moment.</summary>
/// <param name="Release">The release.</param>
/// <param name="Raw">The same as it was sent, with whatever a newer gateway says of it.</param>
/// <param name="Left">What is in flight on the old slots, by kind; null when it was not asked for.</param>
/// <param name="At">The gateway's time of day.</param>
internal sealed record ReleaseSnapshot(Release Release, JsonObject Raw, InFlightCounts? Left, DateTimeOffset At)
{
    /// <summary>The release's id. It has one: only the answer "already active" has none, and nobody follows that.</summary>
    public string Id => Release.Id ?? "(none)";

    /// <summary>What the bake says of itself beyond its clock, as name and value; objects inside it are joined by dots.</summary>
    public IEnumerable<(string Name, string Value)> BakeFindings() => Raw["bake"] is JsonObject bake ? Flatten(bake, "") : [];

    private static IEnumerable<(string Name, string Value)> Flatten(JsonObject bake, string prefix)
    {
        foreach (var (name, value) in bake)
        {
            switch (value)
            {
                case JsonObject inner:
                    foreach (var found in Flatten(inner, $"{prefix}{name}."))
                    {
                        yield return found;
                    }

                    break;
                case JsonValue when prefix.Length > 0 || name is not ("durationSeconds" or "endsAt"):
                    yield return ($"{prefix}{name}", TextOf(value));
                    break;
            }
        }
    }

    private static string TextOf(JsonNode value) => value.AsValue().TryGetValue<double>(out var number)
        ? number.ToString(Math.Abs(number) >= 1000 || number == Math.Floor(number) ? "0" : "0.####")
        : value.ToString();
}

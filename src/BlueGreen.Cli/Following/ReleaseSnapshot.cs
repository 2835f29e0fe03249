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
    public string Id => Release.Id;
}

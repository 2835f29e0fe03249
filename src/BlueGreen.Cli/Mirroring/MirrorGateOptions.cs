using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Mirroring;

/// <summary>What <c>bluegreen cutover</c> asks of a mirror.</summary>
internal static class MirrorGateOptions
{
    public static Option<int?> Requests { get; } = new("--mirror-requests")
    {
        Description = "Switch only if the standby has answered so many mirrored requests, and answers like the active slot. Default: as Traffic:Mirror:Gate of the service says, 1000 with --mirror-difference.",
        HelpName = "N",
    };

    public static Option<double?> Difference { get; } = new("--mirror-difference")
    {
        Description = "The share of the mirrored requests, from 0 to 1, that may have a place that is different. Default: 0 with --mirror-requests.",
        HelpName = "SHARE",
    };

    /// <summary>The field <c>gates</c> of an order; null where nothing is asked.</summary>
    public static JsonObject? Gates(Session session)
    {
        var mirror = new JsonObject();
        if (session.Get(Requests) is { } requests)
        {
            mirror["minRequests"] = requests;
        }

        if (session.Get(Difference) is { } share)
        {
            mirror["maxDifference"] = share;
        }

        return mirror.Count == 0 ? null : new JsonObject { ["mirror"] = mirror };
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
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
        CustomParser = result => ParseRequests(result),
    };

    public static Option<double?> Difference { get; } = new("--mirror-difference")
    {
        Description = "The share of the mirrored requests, from 0 to 1, that may have a place that is different. Default: 0 with --mirror-requests.",
        HelpName = "SHARE",
        CustomParser = result => ParseShare(result),
    };

    private static int? ParseRequests(ArgumentResult result)
    {
        var text = TextOf(result);
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var requests))
        {
            return requests;
        }

        result.AddError($"--mirror-requests \"{text}\" is not allowed: a whole number, such as 1000.");
        return null;
    }

    private static double? ParseShare(ArgumentResult result)
    {
        var text = TextOf(result);
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && double.IsFinite(share))
        {
            return share;
        }

        result.AddError($"--mirror-difference \"{text}\" is not allowed: a share from 0 to 1, such as 0.001.");
        return null;
    }

    private static string TextOf(ArgumentResult result) => result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;

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

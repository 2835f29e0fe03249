using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Client;

/// <summary>Which command helps with which problem of the admin API.</summary>
internal static class Hints
{
    public static string? For(JsonNode problem)
    {
        var release = problem["releaseId"]?.GetValue<string>();
        return problem["code"]?.GetValue<string>() switch
        {
            ProblemCodes.Unauthorized => $"Set ${GlobalOptions.TokenVariable} (or --token) to a token whose SHA-256 is in BlueGreen:Admin:Tokens, or ${GlobalOptions.ClientCertVariable} (or --client-cert) to a certificate of BlueGreen:Admin:ClientCertificates. A token goes before a certificate.",
            ProblemCodes.Forbidden => "Use a token or a client certificate with that role, or ask somebody who has one.",
            ProblemCodes.ReleaseInProgress when release is not null => $"See who holds it, and follow it: bluegreen watch --release {release}",
            ProblemCodes.SlotRetained or ProblemCodes.SlotActive when release is not null => $"Follow it: bluegreen watch --release {release}",
            ProblemCodes.GateFailed when release is null && problem["release"] is null => "See which version is where: bluegreen status. Put another one into the standby: bluegreen deploy",
            ProblemCodes.StaleGeneration => "Look again: bluegreen status",
            ProblemCodes.StateUnavailable => "Nothing has changed, so the command may be repeated once the gateway's disk has room.",
            _ => null,
        };
    }
}

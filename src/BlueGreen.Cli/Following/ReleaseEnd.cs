using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>What a release that has ended otherwise than somebody wanted is to a script and to people.</summary>
internal static class ReleaseEnd
{
    /// <summary>The failure of a command that wanted more of the release.</summary>
    public static CommandFailure Of(ReleaseSnapshot snapshot, int exitCode)
    {
        var release = snapshot.Release;
        var (code, title, detail) = release switch
        {
            { Status: ReleaseStatus.RolledBack, SwitchedAt: null, Shift.Reversal: not null } => ("rolled-back", "The shift was taken back", $"Release {snapshot.Id} was not switched: {release.Detail}."),
            _ => OfStatus(snapshot),
        };
        return CommandFailure.Of(exitCode, code, title, detail, null, ("releaseId", snapshot.Id), ("release", snapshot.Raw.DeepClone()), ("gates", snapshot.Raw["gates"]?.DeepClone()));
    }

    private static (string Code, string Title, string Detail) OfStatus(ReleaseSnapshot snapshot)
    {
        var release = snapshot.Release;
        return release.Status switch
        {
            ReleaseStatus.Rejected => (ProblemCodes.GateFailed, "A gate failed; nothing was switched", $"{release.Detail}. Nothing was switched."),
            ReleaseStatus.RolledBack => ("rolled-back", "The release was rolled back", $"Release {snapshot.Id} was switched, and then {release.Detail}."),
            ReleaseStatus.Abandoned => (ProblemCodes.ReleaseEnded, "The release ended without a verdict", $"Release {snapshot.Id} has switched, and nobody watched its end: {release.Detail}."),
            _ => (ProblemCodes.ReleaseEnded, "The release ended without a switch", $"Release {snapshot.Id} is {Names.Of(release.Status)}: {release.Detail}."),
        };
    }
}

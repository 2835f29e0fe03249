using System.CommandLine;
using System.Text.RegularExpressions;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Deploying;
using BlueGreen.Cli.Following;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen resume</c>: of a shift, or of a held service.</summary>
internal static partial class ResumeCommand
{
    public static Command Create(TimeProvider time)
    {
        var target = new Argument<string?>("release or service")
        {
            HelpName = "release|service",
            Description = "The id of a release that shifts, or a service that is held or whose release shifts. May be left out when only one release runs.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        target.CompletionSources.Add(context => ServiceArgument.Complete(context, time));
        var command = new Command("resume", "Let a shift go on that was paused or that waits for somebody, or let the requests of a held service go on. Repeating it changes nothing.").With(
            ReleaseOptions.Reason,
            ReleaseOptions.ExpectGeneration,
            ReleaseOptions.WaitIfGiven,
            ReleaseOptions.RollBackOnFailure,
            ReleaseOptions.Summary,
            ReleaseOptions.Progress);
        command.Arguments.Add(target);
        return command.Does(time, (session, cancellationToken) => RunAsync(session, session.Get(target), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, string? target, CancellationToken cancellationToken)
    {
        if (target is null || ReleaseId().IsMatch(target))
        {
            return await ResumeReleaseAsync(session, target ?? await ReleaseStepCommands.OnlyRunningAsync(session, cancellationToken), cancellationToken);
        }

        // A hold ends by itself in seconds, so it is what somebody means who names a service that is held.
        var status = await PreviousRun.GetStatusAsync(session, target, cancellationToken);
        return status is { Hold: not { Release: null }, Release: { Status: ReleaseStatus.Shifting, Id: { } shifting } }
            ? await ResumeReleaseAsync(session, shifting, cancellationToken)
            : await HoldCommands.ResumeAsync(session, status.Name, cancellationToken);
    }

    private static Task<int> ResumeReleaseAsync(Session session, string release, CancellationToken cancellationToken) => session.Get(ReleaseOptions.Reason) is null
        ? ReleaseStepCommands.TakeAsync(session, release, "resume", "", ReleaseStepCommands.Shifted, cancellationToken)
        : throw CommandFailure.Usage("--reason belongs to a held service; a shift is resumed without one.");

    [GeneratedRegex("^r[0-9]+-[0-9a-f]+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReleaseId();
}

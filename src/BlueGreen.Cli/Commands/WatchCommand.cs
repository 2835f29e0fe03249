using System.CommandLine;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Watching;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen watch</c>.</summary>
internal static class WatchCommand
{
    public static Command Create(TimeProvider time)
    {
        var service = ServiceArgument.One(time, "Only this service. Default: all services.");
        var release = new Option<string?>("--release")
        {
            Description = "Follow this release to its end (or as --wait says); the exit code is the release's.",
            HelpName = "ID",
        };
        var command = new Command("watch", "All services live, until Ctrl-C or --timeout: a table on a terminal, a line for every event in a pipe, an array of events with --output json.")
            .With(release, ReleaseOptions.WaitCompleted, ReleaseOptions.RollBackOnFailure, ReleaseOptions.Summary, ReleaseOptions.Progress);
        command.Arguments.Add(service);
        command.Validators.Add(result =>
        {
            if (result.GetValue(service) is not null && result.GetValue(release) is not null)
            {
                result.AddError("Give a service or --release, not both.");
            }
        });
        return command.Does(time, (session, cancellationToken) => session.Get(release) is { } id
            ? new ReleaseRun(session).FollowAsync(id, session.Get(ReleaseOptions.WaitCompleted) ?? WaitFor.Completed, cancellationToken)
            : WatchOutput.RunAsync(session, session.Get(service), cancellationToken));
    }
}

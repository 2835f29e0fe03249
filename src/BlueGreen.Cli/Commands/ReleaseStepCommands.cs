using System.CommandLine;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen approve</c>, <c>abort</c> and <c>finish</c>: steps into a release that runs.</summary>
internal static class ReleaseStepCommands
{
    public static Command Approve(TimeProvider time)
    {
        var command = Create(time, "approve", "Let a release go on that waits for approval.", release => $"Release {release.Id} is approved.");
        return command.With(ReleaseOptions.WaitIfGiven, ReleaseOptions.RollBackOnFailure, ReleaseOptions.Summary, ReleaseOptions.Progress);
    }

    public static Command Abort(TimeProvider time) =>
        Create(time, "abort", "End a release before its switch; nothing is switched.", release => $"Release {release.Id} is aborted: {release.Detail}.");

    public static Command Finish(TimeProvider time) => Create(
        time,
        "finish",
        "End a release's bake early, as a success.",
        release => release.Status.IsEnded() ? $"Release {release.Id} {Names.Of(release.Status)}: {release.Detail}." : $"Release {release.Id} ends once it has drained.");

    private static Command Create(TimeProvider time, string step, string description, Func<Release, string> say)
    {
        var id = new Argument<string?>("release") { HelpName = "release", Description = "The release's id. May be left out when only one release runs.", Arity = ArgumentArity.ZeroOrOne };
        var service = new Option<string?>("--service") { Description = "The release that runs for this service.", HelpName = "SERVICE" };
        var command = new Command(step, description).With(service);
        command.Arguments.Add(id);
        command.Validators.Add(result =>
        {
            if (result.GetValue(id) is not null && result.GetValue(service) is not null)
            {
                result.AddError("Give the id of a release or --service, not both.");
            }
        });
        return command.Does(time, async (session, cancellationToken) =>
        {
            var release = session.Get(id)
                ?? (session.Get(service) is { } name ? await RunningAsync(session, name, cancellationToken) : await OnlyRunningAsync(session, cancellationToken));
            var answer = (await session.Client.ChangeAsync(
                HttpMethod.Post, $"{ApiPath.Release(release)}/{step}", null, GatewayClient.NewIdempotencyKey(), null, session.ShortDeadline(), cancellationToken)).OrFail();
            if (session.Get(ReleaseOptions.WaitIfGiven) is { } wait)
            {
                return await new ReleaseRun(session).FollowAsync(release, wait, cancellationToken);
            }

            session.Note(say(answer.Read(ContractsJson.Default.Release)));
            if (session.IsJson)
            {
                session.Json(answer.Json);
            }

            return ExitCodes.Done;
        });
    }

    private static async Task<string> RunningAsync(Session session, string service, CancellationToken cancellationToken)
    {
        var status = (await session.Client.GetAsync(ApiPath.Service(service), cancellationToken)).Read(ContractsJson.Default.ServiceStatus);
        return status.Release?.Id ?? throw NoneRuns($"No release runs for {status.Name}.", $"See the last ones: bluegreen history {status.Name}");
    }

    private static async Task<string> OnlyRunningAsync(Session session, CancellationToken cancellationToken)
    {
        var running = (await ServiceArgument.ListAsync(session.Client, cancellationToken))
            .Select(service => service.Release)
            .OfType<Release>()
            .DistinctBy(release => release.Id, StringComparer.Ordinal)
            .ToList();
        return running switch
        {
            [] => throw NoneRuns("No release runs.", "See the last ones: bluegreen history"),
            [{ Id: { } only }] => only,
            _ => throw CommandFailure.Usage($"Which release? {string.Join(", ", running.Select(Describe))} are running."),
        };
    }

    private static string Describe(Release release) =>
        $"{release.Id} ({string.Join(" and ", release.Services.Select(service => service.Name))}, {Names.Of(release.Status)})";

    private static CommandFailure NoneRuns(string detail, string hint) => CommandFailure.Of(ExitCodes.Conflict, "no-release", "No release runs", detail, hint);
}

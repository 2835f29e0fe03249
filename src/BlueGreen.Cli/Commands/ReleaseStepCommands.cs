using System.CommandLine;
using System.Globalization;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen approve</c>, <c>promote</c>, <c>pause</c>, <c>abort</c> and <c>finish</c>: steps into a release that runs.</summary>
internal static class ReleaseStepCommands
{
    public static Command Approve(TimeProvider time)
    {
        var command = Create(time, "approve", "Let a release go on that waits for approval.", (release, _) => $"Release {release.Id} is approved.");
        return command.With(ReleaseOptions.WaitIfGiven, ReleaseOptions.RollBackOnFailure, ReleaseOptions.Summary, ReleaseOptions.Progress);
    }

    public static Command Abort(TimeProvider time) =>
        Create(time, "abort", "End a release before its switch: nothing is switched, and a shift is taken back.", (release, _) => Aborted(release));

    public static Command Promote(TimeProvider time)
    {
        var command = Create(
            time,
            "promote",
            "Go on to the next step of a shift now, or to a weight; after the last step everything is switched.",
            (release, now) => release.SwitchedAt is null ? Shifted(release, now) : $"Release {release.Id} has switched: {Names.Switches(release)}.",
            session => QueryOf(session.Get(ShiftingOptions.To), session.Get(ShiftingOptions.Force)));
        return command.With(ShiftingOptions.To, ShiftingOptions.Force, ReleaseOptions.WaitIfGiven, ReleaseOptions.RollBackOnFailure, ReleaseOptions.Summary, ReleaseOptions.Progress);
    }

    private static string QueryOf(double? to, bool isForced)
    {
        List<string> query = [];
        if (to is { } weight)
        {
            query.Add(string.Create(CultureInfo.InvariantCulture, $"to={weight:0.##}"));
        }

        if (isForced)
        {
            query.Add("force=true");
        }

        return query.Count == 0 ? "" : $"?{string.Join('&', query)}";
    }

    public static Command Pause(TimeProvider time) => Create(time, "pause", "Keep a shift at its weight until `bluegreen resume`.", Shifted);

    public static Command Finish(TimeProvider time) => Create(
        time,
        "finish",
        "End a release's bake early, as a success.",
        (release, _) => release.Status.IsEnded() ? $"Release {release.Id} {Names.Of(release.Status)}: {release.Detail}." : $"Release {release.Id} ends once it has drained.");

    // What is aborted is over at once, except for a shift: it ends when the new slot has drained.
    private static string Aborted(Release release) => release is { Status: ReleaseStatus.Reverting, Shift.Reversal: { } reversal }
        ? $"Release {release.Id}: the shift is {ShiftLines.Reverting(release, reversal)}. Everybody goes to the old slot again. Follow it: bluegreen watch --release {release.Id}"
        : $"Release {release.Id} is aborted: {release.Detail}.";

    /// <summary>Where a shift stands after somebody has stepped in.</summary>
    public static string Shifted(Release release, DateTimeOffset now) => release.Shift is { } shift
        ? $"Release {release.Id}: {ShiftLines.Where(release, shift, now)}."
        : $"Release {release.Id} is {ShiftLines.Status(release)}.";

    private static Command Create(TimeProvider time, string step, string description, Func<Release, DateTimeOffset, string> say, Func<Session, string>? query = null)
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
            return await TakeAsync(session, release, step, query?.Invoke(session) ?? "", say, cancellationToken);
        });
    }

    /// <summary>Steps into a release, and follows it where that is asked for.</summary>
    public static async Task<int> TakeAsync(
        Session session, string release, string step, string query, Func<Release, DateTimeOffset, string> say, CancellationToken cancellationToken)
    {
        var answer = (await session.Client.ChangeAsync(
            HttpMethod.Post,
            $"{ApiPath.Release(release)}/{step}{query}",
            null,
            GatewayClient.NewIdempotencyKey(),
            session.Get(ReleaseOptions.ExpectGeneration),
            session.ShortDeadline(),
            cancellationToken)).OrFail();
        if (session.Get(ReleaseOptions.WaitIfGiven) is { } wait)
        {
            return await new ReleaseRun(session).FollowAsync(release, wait, cancellationToken);
        }

        session.Note(say(answer.Read(ContractsJson.Default.Release), answer.At));
        if (session.IsJson)
        {
            session.Json(answer.Json);
        }

        return ExitCodes.Done;
    }

    private static async Task<string> RunningAsync(Session session, string service, CancellationToken cancellationToken)
    {
        var status = (await session.Client.GetAsync(ApiPath.Service(service), cancellationToken)).Read(ContractsJson.Default.ServiceStatus);
        return status.Release?.Id ?? throw NoneRuns($"No release runs for {status.Name}.", $"See the last ones: bluegreen history {status.Name}");
    }

    /// <summary>The one release that runs.</summary>
    /// <exception cref="CommandFailure">None runs, or several do.</exception>
    public static async Task<string> OnlyRunningAsync(Session session, CancellationToken cancellationToken)
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
        $"{release.Id} ({string.Join(" and ", release.Services.Select(service => service.Name))}, {ShiftLines.Status(release)})";

    private static CommandFailure NoneRuns(string detail, string hint) => CommandFailure.Of(ExitCodes.Conflict, "no-release", "No release runs", detail, hint);
}

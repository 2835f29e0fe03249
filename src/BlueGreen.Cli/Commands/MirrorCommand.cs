using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Mirroring;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen mirror</c>.</summary>
internal static class MirrorCommand
{
    private const string NoMirror = "no-mirror";
    private const string NothingCompared = "nothing-compared";

    private static readonly Option<bool> Watch = new("--watch")
    {
        Description = "Follow it until it ends, or until Ctrl-C or --timeout; with --output json, the document at the end.",
    };

    private static readonly Option<string?> FailOn = CreateFailOn();

    public static Command Create(TimeProvider time) => new("mirror", "Copy production requests to the standby, and compare its answers with the active slot's.")
    {
        Start(time), Status(time), Stop(time), Diff(time),
    };

    private static Command Start(TimeProvider time)
    {
        var command = new Command("start", "Copy requests to the standby, for a bounded time. The same order again changes nothing; another one begins anew.");
        command.With([.. MirrorOptions.All]);
        return Does(command, time, async (session, name, cancellationToken) =>
        {
            var answer = await ChangeAsync(session, HttpMethod.Post, name, MirrorOptions.Order(session), session.Get(ReleaseOptions.IdempotencyKey), cancellationToken);
            var status = answer.Read(ContractsJson.Default.MirrorStatus);
            foreach (var warning in status.Newest?.Warnings ?? [])
            {
                session.Warn(warning);
            }

            if (status is { Running: true, Newest: not null })
            {
                session.Note(MirrorLines.Heading(status));
                session.Note($"Follow it: bluegreen mirror status {status.Service} --watch; see what differs: bluegreen mirror diff {status.Service}");
            }

            return Print(session, answer);
        });
    }

    private static Command Status(TimeProvider time)
    {
        var command = new Command("status", "The mirror that runs, or ran last, and what it has counted.").With(Watch);
        return Does(command, time, async (session, name, cancellationToken) =>
        {
            if (session.Get(Watch))
            {
                return await new MirrorWatch(session, PathOf(name)).RunAsync(cancellationToken) is { } last ? Print(session, last) : ExitCodes.Done;
            }

            var answer = await session.Client.GetAsync(PathOf(name), cancellationToken);
            var status = answer.Read(ContractsJson.Default.MirrorStatus);
            if (status.Newest is not { } report)
            {
                session.Note(MirrorLines.None(status.Service));
                return Print(session, answer);
            }

            session.Note(MirrorLines.Heading(status));
            PrintFigures(session, report);
            foreach (var warning in report.Warnings)
            {
                session.Note($"  {warning}");
            }

            if (report.Differences.Count > 0)
            {
                session.Note($"See what differs: bluegreen mirror diff {status.Service}");
            }

            return Print(session, answer);
        });
    }

    private static Command Stop(TimeProvider time)
    {
        var command = new Command("stop", "End the mirror; what it has counted can still be read. Repeating it changes nothing.").With(ReleaseOptions.ExpectGeneration);
        return Does(command, time, async (session, name, cancellationToken) =>
        {
            var answer = await ChangeAsync(session, HttpMethod.Delete, name, null, null, cancellationToken);
            var status = answer.Read(ContractsJson.Default.MirrorStatus);
            session.Note(status.Newest is null ? MirrorLines.None(status.Service) : MirrorLines.Heading(status));
            return Print(session, answer);
        });
    }

    private static Command Diff(TimeProvider time)
    {
        var command = new Command("diff", "Where the standby's answers differ, by route and place. Exit code 2 when something is different, 5 when nothing was compared.").With(FailOn);
        return Does(command, time, async (session, name, cancellationToken) =>
        {
            var answer = await session.Client.GetAsync(PathOf(name), cancellationToken);
            var status = answer.Read(ContractsJson.Default.MirrorStatus);
            if (status.Newest is { } report && !session.IsJson)
            {
                session.Line(MirrorLines.Heading(status));
                PrintFigures(session, report);
                if (report.Routes.Count > 0)
                {
                    session.Line("");
                    session.Print(MirrorLines.Routes(report));
                }

                if (report.Differences.Count > 0)
                {
                    session.Line("");
                    session.Print(MirrorLines.Places(report));
                }
            }

            Judge(status, session.Get(FailOn) ?? MirrorLines.Different, answer.Json!);
            return Print(session, answer);
        });
    }

    // A script takes 0 for "the versions answer alike": that is not said where nothing was looked at.
    private static void Judge(MirrorStatus status, string failOn, JsonNode document)
    {
        if (status.Newest is not { } report)
        {
            throw CommandFailure.Of(ExitCodes.Conflict, NoMirror, "There is no mirror", MirrorLines.None(status.Service), null, ("mirror", document.DeepClone()));
        }

        if (report.Answered + report.Failed == 0)
        {
            throw CommandFailure.Of(
                ExitCodes.Conflict,
                NothingCompared,
                "Nothing was compared",
                $"The mirror of {status.Service} has compared no answers{(status.Running ? " yet" : "")}.",
                $"See what was skipped: bluegreen mirror status {status.Service}",
                ("mirror", document.DeepClone()));
        }

        var found = report.Differences.Where(place => place.Verdict == MirrorLines.Different || place.Verdict == failOn).ToList();
        if (found.Count > 0)
        {
            throw CommandFailure.Of(
                ExitCodes.Rejected,
                "answers-differ",
                "The answers differ",
                $"{report.To.ToText()} answers differently at {Output.Names.Plural(found.Count, "place")}, first of all {MirrorLines.Describe(report, found[0])}.",
                null,
                ("mirror", document.DeepClone()));
        }
    }

    private static Command Does(Command command, TimeProvider time, Func<Session, string, CancellationToken, Task<int>> act)
    {
        var service = ServiceArgument.One(time);
        command.Arguments.Add(service);
        return command.Does(time, async (session, cancellationToken) =>
            await act(session, await ServiceArgument.ResolveAsync(session, session.Get(service), cancellationToken), cancellationToken));
    }

    private static async Task<GatewayAnswer> ChangeAsync(
        Session session, HttpMethod method, string service, JsonObject? body, string? key, CancellationToken cancellationToken) => (await session.Client.ChangeAsync(
        method, PathOf(service), body, key ?? GatewayClient.NewIdempotencyKey(), session.Get(ReleaseOptions.ExpectGeneration), session.ShortDeadline(), cancellationToken)).OrFail();

    private static void PrintFigures(Session session, MirrorReport report)
    {
        foreach (var (name, text) in MirrorLines.Figures(report))
        {
            session.Note($"  {name,-9} {text}");
        }
    }

    private static int Print(Session session, GatewayAnswer answer)
    {
        if (session.IsJson)
        {
            session.Json(answer.Json);
        }

        return ExitCodes.Done;
    }

    private static string PathOf(string service) => $"{ApiPath.Service(service)}/mirror";

    private static Option<string?> CreateFailOn()
    {
        var option = new Option<string?>("--fail-on")
        {
            Description = "From which verdict on the exit code is 2; suspected: also when too little was seen to be sure. Default: different.",
            HelpName = "different|suspected",
        };
        return option.AcceptOnlyFromAmong(MirrorLines.Different, MirrorLines.Suspected);
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Checks;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Deploying;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;
using Spectre.Console;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen preflight</c>.</summary>
internal static class PreflightCommand
{
    public static Command Create(TimeProvider time)
    {
        var service = ServiceArgument.One(time);
        var command = new Command("preflight", "The release checklist: what would happen to a cutover now, and what to do about it. Changes nothing.")
            .With(ReleaseOptions.To, ReleaseOptions.ExpectVersion, ReleaseOptions.RetryKnownBad);
        command.Arguments.Add(service);
        return command.Does(time, (session, cancellationToken) => RunAsync(session, session.Get(service), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, string? named, CancellationToken cancellationToken)
    {
        var name = await ServiceArgument.ResolveAsync(session, named, cancellationToken);
        string[] query =
        [
            .. session.Get(ReleaseOptions.To) is { } to ? [$"to={to}"] : Array.Empty<string>(),
            .. session.Get(ReleaseOptions.ExpectVersion) is { } version ? [$"expectVersion={Uri.EscapeDataString(version)}"] : Array.Empty<string>(),
            .. session.Get(ReleaseOptions.RetryKnownBad) ? ["retryKnownBad=true"] : Array.Empty<string>(),
        ];
        var status = await PreviousRun.GetStatusAsync(session, name, cancellationToken);
        if (session.Get(ReleaseOptions.To) is null && session.Get(ReleaseOptions.ExpectVersion) is { } wanted && PreviousRun.IsActive(status, wanted))
        {
            session.Note($"{name} is on {status.Active.ToText()}, which holds {wanted} already: there is nothing to release.");
            if (session.IsJson)
            {
                session.Json(new JsonObject { ["service"] = name, ["passed"] = true, ["changed"] = false, ["outcome"] = "alreadyActive" });
            }

            return ExitCodes.Done;
        }

        var answer = await session.Client.GetAsync($"{ApiPath.Service(name)}/preflight{(query.Length == 0 ? "" : "?" + string.Join('&', query))}", cancellationToken);
        var preflight = answer.Read(ContractsJson.Default.Preflight);
        var checklist = ReleaseChecklist.Of(preflight, status, await HasMetricsAsync(session, cancellationToken));
        var document = (JsonObject)answer.Json!;
        document["checklist"] = new JsonArray([.. checklist.Select(JsonNode (item) => item.ToJson())]);
        if (session.IsJson && preflight.Passed && status.Release is null)
        {
            session.Json(document);
        }

        Print(session, preflight, checklist);
        return Judge(preflight, status, document);
    }

    private static int Judge(Preflight preflight, ServiceStatus status, JsonObject document)
    {
        if (!preflight.Passed)
        {
            var failed = preflight.Gates.Where(gate => gate.Status == GateStatus.Failed).Select(gate => $"{gate.Name}: {gate.Detail}");
            throw CommandFailure.Of(
                ExitCodes.Rejected,
                ProblemCodes.GateFailed,
                "A gate fails",
                $"A cutover of {preflight.Service} to {preflight.To.ToText()} would be rejected: {string.Join("; ", failed)}.",
                null,
                ("gates", document["gates"]?.DeepClone()),
                ("preflight", document));
        }

        return status.Release is not { } running ? ExitCodes.Done : throw CommandFailure.Of(
            ExitCodes.Conflict,
            ProblemCodes.ReleaseInProgress,
            "Another release is in progress",
            $"The gates pass, and release {running.Id} by {running.Actor} runs for {preflight.Service} ({ShiftLines.Status(running)}).",
            $"Follow it: bluegreen watch --release {running.Id}",
            ("releaseId", running.Id),
            ("preflight", document));
    }

    private static void Print(Session session, Preflight preflight, IReadOnlyList<ChecklistItem> checklist)
    {
        if (session.IsJson)
        {
            return;
        }

        session.Line($"{preflight.Service}: {preflight.From.ToText()} to {preflight.To.ToText()}");
        foreach (var item in checklist)
        {
            if (session.IsTerminal)
            {
                Draw(session, item);
                continue;
            }

            session.Line($"{Names.Of(item.Verdict),-9} {item.Name,-18} {item.Finding}");
            if (item.Action is not null)
            {
                session.Line($"{"",-28} -> {item.Action}");
            }
        }
    }

    private static void Draw(Session session, ChecklistItem item)
    {
        var beginning = new Paragraph()
            .Append($"{Names.Of(item.Verdict),-9}", new Style(ColorOf(item.Verdict)))
            .Append($" {item.Name,-18} ", new Style(decoration: Decoration.Bold));
        session.Terminal.Write(new Hanging(beginning, item.Finding));
        if (item.Action is not null)
        {
            session.Terminal.Write(new Hanging(new Paragraph($"{"",-28} -> "), item.Action));
        }
    }

    private static Color ColorOf(Verdict verdict) => verdict switch
    {
        Verdict.Ok => Color.Green,
        Verdict.Failed => Color.Red,
        _ => Color.Yellow,
    };

    // The gateway's own figures; a gateway that has none answers with a problem.
    private static async Task<bool> HasMetricsAsync(Session session, CancellationToken cancellationToken) =>
        await session.Client.ExistsAsync("/metrics", cancellationToken);
}

using System.CommandLine;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Cli.Timelines;
using BlueGreen.Contracts;
using Spectre.Console;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen history</c>.</summary>
internal static class HistoryCommand
{
    public static Command Create(TimeProvider time)
    {
        var service = ServiceArgument.One(time, "Only releases of this service. Default: all.");
        var limit = LimitOption.Create();
        var before = new Option<string?>("--before") { Description = "Only releases older than this one, to page on.", HelpName = "ID" };
        var release = new Option<string?>("--release") { Description = "This release alone, with its gates and events.", HelpName = "ID" };
        var svg = new Option<string?>("--svg")
        {
            Description = "With --release: draw it over time, as SVG, to this file or to the output: its steps, its weights, and the evidence against its threshold.",
            HelpName = "FILE",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("history", "The releases, newest first.").With(limit, before, release, svg);
        command.Arguments.Add(service);
        command.Validators.Add(result =>
        {
            if (result.GetResult(svg) is null)
            {
                return;
            }

            if (result.GetValue(release) is null)
            {
                result.AddError("--svg draws one release: name it with --release ID.");
            }

            if (result.GetValue(GlobalOptions.Output) == GlobalOptions.Json)
            {
                result.AddError("--svg and --output json contradict each other: give one of them.");
            }
        });
        return command.Does(time, (session, cancellationToken) => session.Get(release) is { } id
            ? session.IsGiven(svg) ? TimelineOutput.DrawAsync(session, id, session.Get(svg), cancellationToken) : ShowAsync(session, id, cancellationToken)
            : ListAsync(session, session.Get(service), session.Get(limit) ?? LimitOption.Usual, session.Get(before), cancellationToken));
    }

    private static async Task<int> ListAsync(Session session, string? service, int limit, string? before, CancellationToken cancellationToken)
    {
        var path = $"/v1/releases?limit={limit}"
            + (service is null ? "" : $"&service={Uri.EscapeDataString(service)}")
            + (before is null ? "" : $"&before={Uri.EscapeDataString(before)}");
        var answer = await session.Client.GetAsync(path, cancellationToken);
        var releases = answer.Read(ContractsJson.Default.IReadOnlyListRelease);
        if (session.IsJson)
        {
            session.Json(answer.Json);
            return ExitCodes.Done;
        }

        var table = new TextTable([2, 4, 5], "RELEASE", "WHEN (UTC)", "SWITCH", "STATUS", "BY", "REASON");
        foreach (var release in releases)
        {
            table.Add(
                release.Id,
                $"{release.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm}",
                Names.Switches(release),
                new Cell(ShiftLines.Status(release), ColorOf(release.Status)),
                release.Actor,
                release.Reason ?? "-");
        }

        session.Print(table);
        return ExitCodes.Done;
    }

    private static async Task<int> ShowAsync(Session session, string id, CancellationToken cancellationToken)
    {
        var answer = await session.Client.GetAsync(ApiPath.Release(id), cancellationToken);
        var release = answer.Read(ContractsJson.Default.Release);
        if (session.IsJson)
        {
            session.Json(answer.Json);
            return ExitCodes.Done;
        }

        var snapshot = new ReleaseSnapshot(release, (JsonObject)answer.Json!, null, answer.At);
        if (session.IsTerminal)
        {
            session.Terminal.Write(new ReleasePicture(session.Terminal.Profile.Capabilities.Unicode).Draw(snapshot));
        }
        else
        {
            session.Line($"{snapshot.Id} {ShiftLines.Status(snapshot.Release)}: {Names.Switches(snapshot.Release)}, by {snapshot.Release.Actor}{(snapshot.Release.Reason is { } reason ? $": {reason}" : "")}");
        }

        new LinesView(Console.Out).Show(snapshot);
        if (HeldRelease.Is(release))
        {
            session.Line($"It is {HeldRelease.Describe(release)}. {HeldRelease.WhatNow(release)}");
        }

        return ExitCodes.Done;
    }

    private static Color? ColorOf(ReleaseStatus status) => status switch
    {
        ReleaseStatus.Succeeded => Color.Green,
        ReleaseStatus.Rejected or ReleaseStatus.RolledBack or ReleaseStatus.Failed or ReleaseStatus.Abandoned => Color.Red,
        ReleaseStatus.Aborted => null,
        _ => Color.Yellow,
    };
}

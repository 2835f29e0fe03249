using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>A release as Markdown, for the summary of a pipeline's job.</summary>
internal static class ReleaseSummary
{
    /// <summary>Appends to the file of <c>--summary</c>, if there is one. A summary that can't be written fails no release.</summary>
    public static void Write(Session session, JsonNode? raw)
    {
        if (session.Get(ReleaseOptions.Summary) is not { } file || raw is not JsonObject)
        {
            return;
        }

        try
        {
            File.AppendAllText(file.FullName, Of(raw.Deserialize(ContractsJson.Default.Release)!));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            session.Warn($"The summary could not be written to {file.FullName}: {exception.Message}");
        }
    }

    /// <summary>The table.</summary>
    public static string Of(Release release)
    {
        var text = new StringBuilder();
        text.Append($"### {(release.Kind == ReleaseKind.Rollback ? "Rollback" : "Release")} `{release.Id}`: {ShiftLines.Status(release)}\n\n");
        text.Append("| | | |\n|---|---|---|\n");
        foreach (var service in release.Services)
        {
            text.Append($"| service | {Cell(service.Name)} | {service.From.ToText()} to {service.To.ToText()} |\n");
        }

        foreach (var gate in release.Gates)
        {
            text.Append($"| {(gate.Status == GateStatus.Failed ? "❌" : gate.Status == GateStatus.Passed ? "✅" : "➖")} gate `{Cell(gate.Name)}` | {Cell(gate.Service ?? "all")} | {Names.Of(gate.Status)}: {Cell(gate.Detail)} |\n");
        }

        if (release.Shift is { } shift)
        {
            text.Append($"| shift | {(shift.Reversal is { } reversal ? $"taken back at {ShiftLines.Percent(reversal.Weight)}" : ShiftLines.Percent(shift.Weight))} | {Cell(ShiftLines.Plan(shift))} |\n");
        }

        text.Append($"| switch | {Time(release.SwitchedAt) ?? "not switched"} | |\n");
        if (release.Drain is { } drain)
        {
            text.Append($"| drain | {Time(release.DrainedAt) ?? $"{drain.Remaining} left"} | {drain.StartedWith} in flight at the switch, {drain.Aborted} cancelled |\n");
        }

        if (release is { SwitchedAt: not null, Bake: { DurationSeconds: > 0 } bake })
        {
            text.Append($"| bake | {(release.CompletedAt is null ? "under way" : "over")} | {Durations.Clock(TimeSpan.FromSeconds(bake.DurationSeconds))}, ends {Time(bake.EndsAt)} |\n");
        }

        if (HeldRelease.Is(release))
        {
            text.Append($"| held | {Cell(release.Bake.Hold)} | {Cell(release.Bake.Detail)}; waits for {Cell(HeldRelease.WaitsFor(release))} |\n");
        }

        text.Append($"| by | {Cell(release.Actor)} | {Cell(release.Reason)} |\n");
        if (release.Detail is { } detail)
        {
            text.Append($"\n{Cell(detail)}\n");
        }

        return text.Append('\n').ToString();
    }

    private static string? Time(DateTimeOffset? at) => at is null ? null : $"{at.Value.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";

    // What people and APIs have written stays text: no cell ends early, and no markup begins.
    private static string Cell(string? text) => Clean.Line(text)
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal);
}

using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BlueGreen.Cli.Following;

/// <summary>Draws a release: its gates, the switch, the drain with what is still in flight by kind, the bake's clock.</summary>
/// <param name="unicode">Whether it can show more than ASCII.</param>
internal sealed class ReleasePicture(bool unicode)
{
    private const int BarWidth = 24;
    private const int NameWidth = 12;

    public Rows Draw(ReleaseSnapshot snapshot)
    {
        var release = snapshot.Release;
        List<IRenderable> lines = [Heading(snapshot), .. release.Gates.Select(gate => GateLine(release, gate))];
        if (release.Status == ReleaseStatus.Verifying)
        {
            lines.Add(Line(Mark.Running, "gates", release.Gates.Count == 0 ? "every destination of the new slot is probed afresh" : "the next one is being judged"));
        }

        if (release.Status == ReleaseStatus.AwaitingApproval)
        {
            lines.Add(Line(Mark.Running, "approval", $"bluegreen approve {snapshot.Id}"));
        }

        if (release.Shift is { } shift)
        {
            lines.AddRange(ShiftLinesOf(snapshot, shift));
        }

        lines.Add(SwitchLine(release));
        if (release.Drain is { } drain)
        {
            lines.Add(DrainLine(snapshot, drain));
        }

        if (release is { SwitchedAt: not null, Bake: { EndsAt: not null, DurationSeconds: > 0 } bake })
        {
            lines.Add(BakeLine(snapshot, bake));
            lines.AddRange(Findings(snapshot));
        }

        if (release.Status.IsEnded())
        {
            lines.Add(Line(release.Status == ReleaseStatus.Succeeded ? Mark.Good : Mark.Bad, Names.Of(release.Status), release.Detail));
        }

        return new Rows(lines);
    }

    private static Paragraph Heading(ReleaseSnapshot snapshot)
    {
        var release = snapshot.Release;
        var heading = new Paragraph { Overflow = Overflow.Ellipsis }.Append(release.Kind == ReleaseKind.Rollback ? "Rollback " : "Release ", new Style(decoration: Decoration.Bold)).Append(snapshot.Id);
        foreach (var service in release.Services)
        {
            heading.Append($"  {service.Name} ").Append(service.From.ToText(), new Style(Names.ColorOf(service.From)))
                .Append(" to ").Append(service.To.ToText(), new Style(Names.ColorOf(service.To)));
        }

        heading.Append($"  {ShiftLines.Status(release)}", new Style(ColorOf(release.Status), decoration: Decoration.Bold));
        return heading.Append($"  {Durations.Clock((release.CompletedAt ?? snapshot.At) - release.CreatedAt)}", new Style(Color.Grey));
    }

    private Hanging GateLine(Release release, Gate gate) => Line(
        gate.Status switch
        {
            GateStatus.Passed => Mark.Good,
            GateStatus.Failed => Mark.Bad,
            GateStatus.Skipped => Mark.Skipped,
            _ => Mark.Waiting,
        },
        gate.Name,
        release.Services.Count > 1 && gate.Service is not null ? $"{gate.Service}: {gate.Detail}" : gate.Detail);

    private Hanging SwitchLine(Release release) => release.SwitchedAt is { } at
        ? Line(Mark.Good, "switch", $"{at.UtcDateTime:HH:mm:ss} UTC, {Names.Switches(release)}{Held(release)}")
        : Line(release.Status.IsEnded() ? Mark.Skipped : Mark.Waiting, "switch", release.Status.IsEnded() ? "not switched" : null);

    // Where the traffic is, what each slot got of it, and how near the shift is to being taken back.
    private IEnumerable<Hanging> ShiftLinesOf(ReleaseSnapshot snapshot, ShiftStatus shift)
    {
        var release = snapshot.Release;
        if (shift.Reversal is { } reversal)
        {
            var isReverting = release.Status == ReleaseStatus.Reverting;
            yield return Line(Mark.Bad, "shift", isReverting ? ShiftLines.Reverting(release, reversal) : $"taken back at {ShiftLines.Percent(reversal.Weight)}");
            yield break;
        }

        if (release.Status != ReleaseStatus.Shifting)
        {
            yield return release.SwitchedAt is { } at && shift.BegunAt is { } begun
                ? Line(Mark.Good, "shift", $"{Bar(1)} 100 % after {Durations.Clock(at - begun)}")
                : Line(release.Status.IsEnded() ? Mark.Skipped : Mark.Waiting, "shift", ShiftLines.Plan(shift));
            yield break;
        }

        yield return Line(Mark.Running, "shift", $"{Bar(shift.Weight / 100)} {ShiftLines.Where(release, shift, snapshot.At)}");
        if (shift.WaitingFor is { } waitingFor)
        {
            yield return Line(Mark.Bad, "waits", waitingFor);
        }

        foreach (var service in shift.Services)
        {
            var slots = ShiftLines.SlotsOf(release, service);
            yield return Line(Mark.None, "", ShiftLines.Reached(service, slots));
            yield return Line(Mark.None, "evidence", $"{Bar(ShiftLines.EvidenceShare(service))} {ShiftLines.Evidence(service, slots)}");
        }
    }

    private static string Held(Release release) => release.Hold switch
    {
        { Exclusive: true } hold => $"; exclusive, {Names.Plural(hold.Held, "request")} held for {hold.Seconds:0.0##} s",
        { Exclusive: false } hold => $"; not exclusive, {Names.Plural(hold.Held, "request")} held for {hold.Seconds:0.0##} s",
        _ => "",
    };

    private Hanging DrainLine(ReleaseSnapshot snapshot, DrainStatus drain)
    {
        var ended = drain.StartedWith - drain.Remaining;
        if (snapshot.Release.Status == ReleaseStatus.Confirming)
        {
            return Line(Mark.Waiting, "drain", "both slots serve until they are compared");
        }

        if (snapshot.Release.DrainedAt is not null || snapshot.Release.Status != ReleaseStatus.Draining)
        {
            return Line(
                drain.Aborted > 0 ? Mark.Bad : Mark.Good,
                "drain",
                $"{Bar(1)} {drain.StartedWith} in flight at the switch, {(drain.Aborted > 0 ? $"{drain.Aborted} cancelled at the deadline" : "all ended")}");
        }

        var share = drain.StartedWith == 0 ? 1 : Math.Clamp((double)ended / drain.StartedWith, 0, 1);
        var kinds = snapshot.Left is { } left ? Names.Kinds(left) : $"{drain.Remaining} in flight";
        return Line(Mark.Running, "drain", $"{Bar(share)} {kinds} left, cancelled in {Durations.Clock(drain.DeadlineAt - snapshot.At)}");
    }

    private Hanging BakeLine(ReleaseSnapshot snapshot, BakeStatus bake)
    {
        var release = snapshot.Release;
        var total = TimeSpan.FromSeconds(bake.DurationSeconds);
        var now = release.CompletedAt ?? snapshot.At;
        var left = bake.EndsAt!.Value - now;

        // The gateway's time of day comes in whole seconds.
        left = left < TimeSpan.Zero ? TimeSpan.Zero : left > total ? total : left;
        var share = Math.Clamp(1 - (left / total), 0, 1);
        return release.Status switch
        {
            ReleaseStatus.Succeeded => Line(Mark.Good, "bake", $"{Bar(share)} {Durations.Clock(now - release.SwitchedAt!.Value)} watched"),
            ReleaseStatus.RolledBack => Line(Mark.Bad, "bake", $"{Bar(share)} rolled back after {Durations.Clock(now - release.SwitchedAt!.Value)}"),
            ReleaseStatus.Abandoned => Line(Mark.Bad, "bake", $"{Bar(share)} not watched to its end"),
            _ when HeldRelease.Is(release) => Line(Mark.Waiting, "bake", $"{Bar(share)} held, {(left > TimeSpan.Zero ? $"with {Durations.Clock(left)} left of {Durations.Clock(total)}" : "its time is over")}"),
            _ => Line(Mark.Running, "bake", $"{Bar(share)} {Durations.Clock(left)} left of {Durations.Clock(total)}"),
        };
    }

    // What the bake has measured so far, and how near each metric is to a rollback.
    private IEnumerable<Hanging> Findings(ReleaseSnapshot snapshot)
    {
        var bake = snapshot.Release.Bake;
        if (bake.Hold is { } hold)
        {
            yield return Line(Mark.Bad, "held", $"{hold}: {bake.Detail}");
            if (HeldRelease.Is(snapshot.Release))
            {
                yield return Line(Mark.Waiting, "waits for", HeldRelease.WaitsFor(snapshot.Release));
            }
        }

        if (bake.Comparison is { } comparison)
        {
            yield return Line(Mark.Running, "compare", BakeLines.Of(comparison, snapshot.Release, snapshot.At));
        }

        foreach (var service in bake.Services)
        {
            var old = snapshot.Release.Services.FirstOrDefault(switched => switched.Name == service.Name)?.From.ToText() ?? "before";
            yield return Line(Mark.None, "", BakeLines.Of(service, old));
            foreach (var metric in service.Metrics)
            {
                yield return Line(metric.Status == BakeLines.Failed ? Mark.Bad : Mark.None, "", BakeLines.Of(metric, old));
            }

            foreach (var query in service.Queries ?? [])
            {
                yield return Line(query.Status == BakeLines.Failed ? Mark.Bad : Mark.None, "", BakeLines.Of(query));
            }
        }
    }

    private Hanging Line(Mark mark, string name, string? text)
    {
        var (symbol, color) = mark switch
        {
            Mark.Good => (unicode ? "✓" : "+", Color.Green),
            Mark.Bad => (unicode ? "✗" : "x", Color.Red),
            Mark.Running => (unicode ? "●" : "*", Color.Yellow),
            Mark.Skipped => ("-", Color.Grey),
            Mark.Waiting => (unicode ? "○" : "o", Color.Grey),
            _ => (" ", Color.Grey),
        };
        var beginning = new Paragraph().Append(symbol, new Style(color)).Append($" {name.PadRight(NameWidth)} ", new Style(decoration: Decoration.Bold));
        return new Hanging(beginning, text ?? "");
    }

    private string Bar(double share)
    {
        var full = (int)Math.Round(share * BarWidth);
        return new string(unicode ? '█' : '#', full) + new string(unicode ? '░' : '.', BarWidth - full);
    }

    private static Color ColorOf(ReleaseStatus status) => status switch
    {
        ReleaseStatus.Succeeded => Color.Green,
        ReleaseStatus.Rejected or ReleaseStatus.RolledBack or ReleaseStatus.Failed or ReleaseStatus.Aborted or ReleaseStatus.Abandoned => Color.Red,
        _ => Color.Yellow,
    };

    private enum Mark
    {
        None,
        Good,
        Bad,
        Running,
        Waiting,
        Skipped,
    }
}

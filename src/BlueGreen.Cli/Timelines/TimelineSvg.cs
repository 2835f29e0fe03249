using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Timelines;

/// <summary>
/// Draws a release over time as one SVG that needs nothing else: no script, no font, no other file. Text is text, and the colours follow
/// the reader's choice of light or dark.
/// </summary>
internal static class TimelineSvg
{
    private const double Width = 960;
    private const double Left = 120;
    private const double Right = Width - 24;
    private const double Margin = 20;
    private const double LineHeight = 15;
    private const double MarkHeight = 18;
    private const int LettersPerLine = 150;

    // The decisive words of a reason are its last ones.
    private const int MostLines = 12;

    /// <summary>The picture.</summary>
    /// <param name="release">The release.</param>
    /// <param name="timeline">The same over time.</param>
    /// <param name="now">The gateway's time: where a release that runs ends on the picture.</param>
    public static string Of(Release release, ReleaseTimeline timeline, DateTimeOffset now)
    {
        var begin = release.CreatedAt;

        // The gateway tells its time in whole seconds: in its first second, a release has done more than there has been time for.
        var end = release.CompletedAt ?? release.Events.Select(entry => entry.At).Append(now).Max();
        end = end > begin ? end : begin.AddSeconds(1);
        var axis = new TimeAxis(timeline, begin, end, Left, Right);
        var (moments, leftOut) = TimelineMoments.Of(release);
        var metrics = timeline.Services.SelectMany(service => service.Curves).Select(curve => curve.Metric).Distinct(StringComparer.Ordinal).ToList();

        var body = new SvgBuilder();
        var y = DrawHeading(body, release);
        var marks = PlaceMarks(axis, moments);
        var top = y + (marks.Rows * MarkHeight) + 6;
        var panels = new SvgBuilder();
        var bottom = top;
        foreach (var service in release.Services)
        {
            var evidence = timeline.Services.FirstOrDefault(candidate => candidate.Name == service.Name) ?? new TimelineService(service.Name, null, []);
            bottom = new ServicePanel(panels, axis, timeline, metrics).Draw(bottom, service, evidence, Left);
        }

        DrawAxis(body, axis, top, bottom);
        DrawMarks(body, marks, moments, y, bottom);
        y = DrawLegend(panels, timeline, metrics, axis, bottom + 22);
        y = DrawMoments(panels, release, moments, leftOut, y);
        var height = y + 8;

        var svg = new SvgBuilder();
        svg.Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-labelledby=\"title desc\">");
        svg.Add($"<title id=\"title\">{Title(release)}</title>");
        svg.Add($"<desc id=\"desc\">{Describe(release, timeline, moments)}</desc>");
        return $"{svg}{TimelineStyle.Sheet.ReplaceLineEndings("\n")}\n<rect width=\"100%\" height=\"100%\" class=\"page\"/>\n{body}{panels}</svg>\n";
    }

    private static string Title(Release release) =>
        $"{(release.Kind == ReleaseKind.Rollback ? "Rollback" : "Release")} {release.Id}: {Output.Names.Switches(release)}, {ShiftLines.Status(release)}";

    private static string Describe(Release release, ReleaseTimeline timeline, IReadOnlyList<TimelineMoment> moments) => string.Join(
        " ",
        $"Steps: {string.Join(", ", timeline.Steps.Select(step => ServicePanel.NameOf(step.Name)))}.",
        $"Moments: {string.Join("; ", moments.Select(moment => $"{moment.What} at {Time(moment.At)}"))}.",
        release.Detail is { } detail ? $"{detail}." : "");

    private static double DrawHeading(SvgBuilder svg, Release release)
    {
        svg.Text(Margin, 30, "title", $"{(release.Kind == ReleaseKind.Rollback ? "Rollback" : "Release")} {release.Id}: {ShiftLines.Status(release)}");
        var by = $"{release.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, by {release.Actor}{(release.Reason is { } reason ? $": {reason}" : "")}";
        var y = svg.Lines(Margin, 50, "small", SvgBuilder.Wrap(by, LettersPerLine, 2), LineHeight);
        return release.Detail is { } detail ? svg.Lines(Margin, y, "small", SvgBuilder.Wrap(detail, LettersPerLine, MostLines), LineHeight) + 4 : y + 4;
    }

    private static void DrawAxis(SvgBuilder svg, TimeAxis axis, double top, double bottom)
    {
        foreach (var (from, to) in axis.Waits)
        {
            svg.Add($"<g><title>not to scale</title><rect x=\"{axis.X(from)}\" y=\"{top}\" width=\"{axis.X(to) - axis.X(from)}\" height=\"{bottom - top}\" class=\"wait\"/></g>");
            svg.Text(axis.X(from) + 4, bottom - 4, "small", "not to scale");
        }

        foreach (var (at, label) in axis.Ticks(70))
        {
            svg.Add($"<line x1=\"{axis.X(at)}\" x2=\"{axis.X(at)}\" y1=\"{top}\" y2=\"{bottom}\" class=\"grid\"/>");
            svg.Text(axis.X(at), bottom + 12, "tick", label);
        }
    }

    // A number in a circle over its moment; where two are too near to each other, one goes into the next row.
    private static Marks PlaceMarks(TimeAxis axis, IReadOnlyList<TimelineMoment> moments)
    {
        var ends = new List<double>();
        var places = new List<(double X, int Row)>();
        foreach (var x in moments.Select(moment => axis.X(moment.At)))
        {
            var row = ends.FindIndex(end => end <= x);
            if (row < 0)
            {
                row = ends.Count;
                ends.Add(0);
            }

            ends[row] = x + MarkHeight;
            places.Add((x, row));
        }

        return new Marks(places, Math.Max(1, ends.Count));
    }

    private static void DrawMarks(SvgBuilder svg, Marks marks, IReadOnlyList<TimelineMoment> moments, double y, double bottom)
    {
        for (var index = 0; index < moments.Count; index++)
        {
            var (x, row) = marks.Places[index];
            var center = y + (row * MarkHeight) + 4;
            svg.Add($"<line x1=\"{x}\" x2=\"{x}\" y1=\"{center}\" y2=\"{bottom}\" class=\"moment\"/>");
            svg.Add($"<g><title>{moments[index].What}, {Time(moments[index].At)}</title><circle cx=\"{x}\" cy=\"{center}\" r=\"8\" class=\"{ColorOf(moments[index])}\"/></g>");
            svg.Text(x, center + 3.5, "number", $"{index + 1}");
        }
    }

    private static double DrawLegend(SvgBuilder svg, ReleaseTimeline timeline, IReadOnlyList<string> metrics, TimeAxis axis, double y)
    {
        y += 8;
        var x = Left;
        foreach (var (metric, stage) in timeline.Services.SelectMany(service => service.Curves).Select(curve => (curve.Metric, curve.Stage)).Distinct())
        {
            var label = $"{metric}, {ServicePanel.StageOf(stage)}";
            var width = 40 + (label.Length * 5.8);
            if (x + width > Right && x > Left)
            {
                x = Left;
                y += LineHeight;
            }

            svg.Add($"<path d=\"M{x} {y - 4}h24\" class=\"{TimelineStyle.CurveOf(metrics.ToList().IndexOf(metric))} {stage}\"/>");
            svg.Text(x + 30, y, "small", label);
            x += width;
        }

        if (metrics.Count == 0)
        {
            return y + 4;
        }

        var thresholds = timeline.Services.SelectMany(service => service.Curves).Select(curve => $"{curve.Metric}{(curve.Stage == "stretch" ? " of the last responses" : "")} {ServicePanel.Odds(curve.Threshold)} to 1").Distinct(StringComparer.Ordinal);
        return svg.Lines(
            Left, y + LineHeight, "small", SvgBuilder.Wrap($"Evidence that the new slot is worse, on the scale of its logarithm. The dashed line is enough: {string.Join(", ", thresholds)}.", 135, 3), LineHeight) + 4;
    }

    private static double DrawMoments(SvgBuilder svg, Release release, IReadOnlyList<TimelineMoment> moments, int leftOut, double y)
    {
        y += 10;
        if (release.Events.Count == 0)
        {
            return svg.Lines(Margin, y, "small", ["The events of this release are no longer kept: its steps are drawn by its own times."], LineHeight);
        }

        for (var index = 0; index < moments.Count; index++)
        {
            var moment = moments[index];
            svg.Add($"<circle cx=\"{Margin + 8}\" cy=\"{y - 4}\" r=\"8\" class=\"{ColorOf(moment)}\"/>");
            svg.Text(Margin + 8, y - 0.5, "number", $"{index + 1}");
            svg.Text(Margin + 22, y, "small", Time(moment.At));

            // The end's words are in the heading.
            var detail = moment.Detail is null || moment.Detail == release.Detail ? "" : $": {moment.Detail}";
            y = svg.Lines(Margin + 104, y, "text", SvgBuilder.Wrap($"{moment.What}{detail}", LettersPerLine - 20, MostLines), LineHeight) + 4;
        }

        return leftOut == 0 ? y : svg.Lines(Margin + 104, y, "small", [$"and {leftOut} more between them: bluegreen history --release {release.Id}"], LineHeight);
    }

    private static string ColorOf(TimelineMoment moment) => moment.What switch
    {
        "gate failed" or "alarm, comparison began" or "confirmed, rollback ordered" or "rollback ordered" or "shift taken back" or "rolled back" or "rejected" or "failed" or "service rolled back" => "bad",
        "switched" or "succeeded" or "refuted" or "approved" => "good",
        _ => "dot",
    };

    private static string Time(DateTimeOffset at) => $"{at.UtcDateTime:HH:mm:ss.fff}";

    private sealed record Marks(IReadOnlyList<(double X, int Row)> Places, int Rows);
}

using System.Globalization;
using System.Text;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Timelines;

/// <summary>One service of a timeline: its steps, the weight of its new slot, and the evidence against its threshold.</summary>
internal sealed class ServicePanel(SvgBuilder svg, TimeAxis axis, ReleaseTimeline timeline, IReadOnlyList<string> metrics)
{
    private const double StepHeight = 20;
    private const double WeightHeight = 34;
    private const double ChartHeight = 110;
    private const double Gap = 12;
    private const double LetterWidth = 6.4;

    // As shares of the threshold. Evidence for the new slot falls without an end, and what is far beyond the threshold is no news.
    private const double Lowest = -0.5;
    private const double Highest = 1.5;

    /// <summary>Whether both slots served at once: only then is the weight a picture of its own.</summary>
    private bool HasWeights => timeline.Weights.Any(weight => weight.Weight is > 0 and < 100);

    /// <summary>Draws it.</summary>
    /// <returns>Where the next thing may begin.</returns>
    public double Draw(double y, ReleaseService service, TimelineService evidence, double left)
    {
        var outcome = service.Outcome is { } known ? $", {(known == "rolledBack" ? "rolled back" : known)}" : "";
        svg.Text(left, y + 12, "name", $"{service.Name}: {service.From.ToText()} to {service.To.ToText()}{outcome}");
        y += 20;
        var end = evidence.LeftAt ?? axis.End;
        svg.Text(left - 8, y + 14, "end", "steps");
        DrawSteps(y, end);
        y += StepHeight + Gap;
        if (HasWeights)
        {
            DrawWeight(y, left, service, evidence.LeftAt);
            y += WeightHeight + Gap;
        }

        DrawChart(y, left, evidence);
        return y + ChartHeight + Gap + 8;
    }

    private void DrawSteps(double y, DateTimeOffset end)
    {
        foreach (var step in timeline.Steps.Where(step => step.From <= end))
        {
            var to = step.To is { } known && known < end ? known : end;
            var (x, right) = (axis.X(step.From), axis.X(to));

            // A step of a moment is a line that can be seen.
            var width = Math.Max(right - x, 1.5);
            var name = NameOf(step.Name);
            svg.Add($"<g><title>{name}, {step.From.UtcDateTime:HH:mm:ss.fff} UTC, {(to - step.From).TotalSeconds:0.###} s</title><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{StepHeight}\" class=\"{step.Name}\"/></g>");
            if (name.Length * LetterWidth < width)
            {
                svg.Text(x + 4, y + 14, "inStep", name);
            }
        }
    }

    private void DrawWeight(double y, double left, ReleaseService service, DateTimeOffset? leftAt)
    {
        svg.Text(left - 8, y + 10, "end", $"100 % on {service.To.ToText()}");
        svg.Text(left - 8, y + WeightHeight, "end", "0 %");
        var path = new StringBuilder();
        var level = 0.0;
        Point('M', axis.Begin, 0);
        foreach (var weight in timeline.Weights.Where(weight => leftAt is null || weight.At < leftAt).Concat(leftAt is { } at ? [new TimelineWeight(at, 0)] : []))
        {
            Point('L', weight.At, level);
            level = weight.Weight;
            Point('L', weight.At, level);
        }

        Point('L', axis.End, level);
        Point('L', axis.End, 0);
        svg.Add($"<path d=\"{path}Z\" class=\"weight\"/>");
        foreach (var weight in timeline.Weights.Where(weight => weight.Weight is > 0 and < 100))
        {
            svg.Add($"<g><title>{weight.Weight:0.##} % on {service.To.ToText()} from {weight.At.UtcDateTime:HH:mm:ss.fff} UTC</title><circle cx=\"{axis.X(weight.At)}\" cy=\"{y + (WeightHeight * (1 - (weight.Weight / 100)))}\" r=\"2\" class=\"good\"/></g>");
        }

        void Point(char command, DateTimeOffset time, double weight) =>
            path.Append(CultureInfo.InvariantCulture, $"{command}{axis.X(time):0.##} {y + (WeightHeight * (1 - (weight / 100))):0.##}");
    }

    private void DrawChart(double y, double left, TimelineService evidence)
    {
        svg.Add($"<rect x=\"{axis.X(axis.Begin)}\" y=\"{y}\" width=\"{axis.X(axis.End) - axis.X(axis.Begin)}\" height=\"{ChartHeight}\" class=\"frame\"/>");
        if (evidence.Curves.Count == 0)
        {
            svg.Text(left + 10, y + (ChartHeight / 2), "small", WhyEmpty());
            return;
        }

        svg.Text(left - 8, Y(1) + 4, "end", "enough");
        svg.Text(left - 8, Y(0) + 4, "end", "no evidence");
        svg.Add($"<line x1=\"{left}\" x2=\"{axis.X(axis.End)}\" y1=\"{Y(0)}\" y2=\"{Y(0)}\" class=\"grid\"/>");
        svg.Add($"<line x1=\"{left}\" x2=\"{axis.X(axis.End)}\" y1=\"{Y(1)}\" y2=\"{Y(1)}\" class=\"threshold\"/>");
        foreach (var curve in evidence.Curves.Where(curve => curve.Threshold > 0 && curve.Points.Count > 0))
        {
            var path = new StringBuilder();
            DateTimeOffset? last = null;
            foreach (var point in curve.Points)
            {
                // Between two comparisons there is nothing.
                var isNew = last is null || (curve.Stage == "comparison" && IsApart(last.Value, point.At));
                path.Append(CultureInfo.InvariantCulture, $"{(isNew ? 'M' : 'L')}{axis.X(point.At):0.##} {Y(point.LnE / curve.Threshold):0.##}");
                last = point.At;
            }

            var highest = curve.Points.MaxBy(point => point.LnE)!;
            var look = TimelineStyle.CurveOf(metrics.ToList().IndexOf(curve.Metric));
            svg.Add($"<g><title>{DescribeCurve(curve, highest)}</title><path d=\"{path}\" class=\"{look} {curve.Stage}\"/></g>");
            if (highest.LnE >= curve.Threshold)
            {
                var first = curve.Points.First(point => point.LnE >= curve.Threshold);
                svg.Add($"<circle cx=\"{axis.X(first.At)}\" cy=\"{Y(first.LnE / curve.Threshold)}\" r=\"3\" class=\"overThreshold\"/>");
            }
        }

        double Y(double share) => y + (ChartHeight * (Highest - Math.Clamp(share, Lowest, Highest)) / (Highest - Lowest));
    }

    private bool IsApart(DateTimeOffset from, DateTimeOffset to) =>
        !timeline.Steps.Any(step => step.Name == "confirming" && step.From <= from && (step.To is null || step.To >= to));

    private string WhyEmpty() => timeline.Evidence == "notKept"
        ? "The evidence of this release over time is no longer kept."
        : "Nothing was judged: there is no evidence to show.";

    private static string DescribeCurve(TimelineCurve curve, TimelinePoint highest) => FormattableString.Invariant(
        $"{curve.Metric}, {StageOf(curve.Stage)}: at most {Odds(highest.LnE)} to 1 at {highest.At.UtcDateTime:HH:mm:ss.fff} UTC; {Odds(curve.Threshold)} to 1 is enough");

    /// <summary>e^lnE, as people say odds: <c>148</c>, <c>2.3·10^12</c>.</summary>
    public static string Odds(double lnE)
    {
        var log = lnE / Math.Log(10);
        return log < 6
            ? Math.Floor(Math.Exp(lnE)).ToString("0", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"10^{Math.Floor(log):0}");
    }

    /// <summary>A stage in words.</summary>
    public static string StageOf(string stage) => stage switch
    {
        "shift" => "while traffic was shifted",
        "comparison" => "both slots compared",
        "stretch" => "the last responses alone",
        _ => "against the old slot's past",
    };

    /// <summary>A step in words.</summary>
    public static string NameOf(string step) => step switch
    {
        "verifying" => "prepare",
        "awaitingApproval" => "approval",
        "holding" => "hold",
        "shifting" => "shift",
        "reverting" => "take back",
        "draining" => "drain",
        "baking" => "bake",
        "confirming" => "compare",
        "rollingBack" => "roll back",
        _ => step,
    };
}

using System.Globalization;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;
using Spectre.Console;

namespace BlueGreen.Cli.Mirroring;

/// <summary>A mirror, in words and tables. Pure.</summary>
internal static class MirrorLines
{
    public const string Different = "different";
    public const string Suspected = "suspected";
    public const string Noise = "noise";

    private const string Shown = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static string None(string service) => $"No mirror of {service} since this gateway started. Begin one: bluegreen mirror start {service}";

    /// <summary>What was ordered, and whether it goes on.</summary>
    public static string Heading(MirrorStatus status)
    {
        var report = status.Newest!;
        var order = $"{status.Service}: {report.From.ToText()} to {report.To.ToText()}, {Number(report.Percent)} % of {string.Join(", ", report.Methods)}, since {Time(report.Since)} by {report.Actor}";
        return report.EndedAt is { } ended
            ? $"{order}; ended at {Time(ended)}: {report.EndedBecause}."
            : $"{order}; ends at {Time(report.EndsAt)} at the latest.";
    }

    /// <summary>What it has counted, a line for each thing: a name and the figures.</summary>
    public static IEnumerable<(string Name, string Text)> Figures(MirrorReport report)
    {
        yield return ("copies", string.Create(CultureInfo.InvariantCulture, $"{report.Sent} sent{(report.Repeated == 0 ? "" : $", {report.Repeated} of them for load")}, {report.Answered} answered, {report.Failed} failed, {report.Open} under way"));
        var skipped = report.Skipped.Where(skip => skip.Value > 0).ToList();
        yield return ("skipped", skipped.Count == 0 ? "none" : string.Join(", ", skipped.Select(skip => string.Create(CultureInfo.InvariantCulture, $"{skip.Value} {skip.Key}"))));
        yield return ("answers", string.Create(CultureInfo.InvariantCulture, $"{report.SameStatus} with the same status, {report.Different} with a difference, noise included{(report.BodiesNotCompared == 0 ? "" : $", {report.BodiesNotCompared} with a body that is too large to compare")}"));
        yield return ("latency", $"{report.From.ToText()} {Latency(report.ActiveLatency)}; {report.To.ToText()} {Latency(report.StandbyLatency)}");
        yield return ("places", $"{Count(report, Different)} {Different}, {Count(report, Suspected)} {Suspected}, {Count(report, Noise)} {Noise}{(report.DifferencesLeftOut == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {report.DifferencesLeftOut} differences at places that found no room"))}");
    }

    /// <summary>What was compared, by route.</summary>
    public static TextTable Routes(MirrorReport report)
    {
        var table = new TextTable([0], "ROUTE", "COMPARED", "TWICE", "DIFFERENT", "SUSPECTED", "NOISE");
        foreach (var route in report.Routes)
        {
            var places = report.Differences.Where(difference => difference.Route == route.Route).ToList();
            table.Add(route.Route, Number(route.Compared), Number(route.NoiseCompared), Of(places, Different), Of(places, Suspected), Of(places, Noise));
        }

        return table;

        static Cell Of(IEnumerable<MirrorDifference> places, string verdict) =>
            places.Count(place => place.Verdict == verdict) is var count and > 0 ? new Cell(Number(count), ColorOf(verdict)) : "0";
    }

    /// <summary>Where the answers differ.</summary>
    /// <param name="report">The report.</param>
    /// <param name="limit">How many places at the most.</param>
    public static TextTable Places(MirrorReport report, int limit = int.MaxValue)
    {
        var compared = report.Routes.ToDictionary(route => route.Route, StringComparer.Ordinal);
        var table = new TextTable(
            [6, 7, 1, 0], "ROUTE", "PLACE", "VERDICT", "DIFFER", "SAME VERSION", "ONLY ONE", report.From.ToText().ToUpperInvariant(), report.To.ToText().ToUpperInvariant());
        foreach (var place in report.Differences.Take(limit))
        {
            var route = compared.GetValueOrDefault(place.Route);
            table.Add(
                place.Route,
                place.Path,
                new Cell(place.Verdict, ColorOf(place.Verdict)),
                $"{Number(place.Differ)} of {Number(route?.Compared ?? 0)}",
                $"{Number(place.NoiseDiffer)} of {Number(route?.NoiseCompared ?? 0)}",
                $"{Number(place.OnlyStandby)}:{Number(place.OnlyActive)}",
                place.Active ?? "-",
                place.Standby ?? "-");
        }

        return table;
    }

    /// <summary>How many places have a verdict.</summary>
    public static int Count(MirrorReport report, string verdict) => report.Differences.Count(difference => difference.Verdict == verdict);

    /// <summary>A place with its counts, in a sentence.</summary>
    public static string Describe(MirrorReport report, MirrorDifference place)
    {
        var route = report.Routes.FirstOrDefault(route => route.Route == place.Route);
        return $"{place.Route} {place.Path}: {Number(place.Differ)} of {Number(route?.Compared ?? 0)} differ; same version: {Number(place.NoiseDiffer)} of {Number(route?.NoiseCompared ?? 0)}";
    }

    public static Color ColorOf(string verdict) => verdict switch
    {
        Different => Color.Red,
        Suspected => Color.Yellow,
        _ => Color.Grey,
    };

    private static string Latency(SlotLatency latency) => latency is { P50Ms: { } half, P99Ms: { } most }
        ? string.Create(CultureInfo.InvariantCulture, $"p50 {half:0.0} ms, p99 {most:0.0} ms")
        : "no answers yet";

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString(Shown, CultureInfo.InvariantCulture);
}

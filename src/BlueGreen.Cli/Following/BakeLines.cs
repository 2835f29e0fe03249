using System.Globalization;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>What a bake has measured, in words for somebody who was woken by it. Pure.</summary>
internal static class BakeLines
{
    public const string Failed = "failed";
    private const string Guarded = "guarded";
    private const string Latency = "latency";
    private const string NotActedOn = "not acted on: ";

    // Beyond it the next look of the gateway says "failed" or "guarded"; until then nothing is full.
    private const int MostPercent = 99;

    /// <summary><c>orders: 12345 responses to 31 clients; latency p50 4.4 ms (blue 4.1 ms), p99 25.1 ms (blue 22.5 ms)</c>.</summary>
    /// <param name="service">The figures of a service.</param>
    /// <param name="old">The slot that it came from.</param>
    public static string Of(BakedService service, string old) =>
        $"{service.Name}: {Names.Plural(service.Responses, "response")} to {Names.Plural(service.Clients, "client")}; "
        + $"latency p50 {Milliseconds(service.NewLatency.P50Ms, service.OldLatency.P50Ms, old)}, p99 {Milliseconds(service.NewLatency.P99Ms, service.OldLatency.P99Ms, old)}";

    /// <summary><c>5xx: 3 of 12345 bad (blue 180 of 180000); 40 % of the evidence for a rollback</c>.</summary>
    public static string Of(BakeMetric metric, string old) => metric.LnE is not { } evidence || metric.Threshold is not { } threshold
        ? $"{metric.Name}: {metric.Detail ?? metric.Status}"
        : metric.N == 0 ? $"{metric.Name}: nothing to judge by yet"
        : $"{metric.Name}: {metric.Bad} of {metric.N} {(IsLatency(metric.Name) ? "slow" : "bad")} ({old} {metric.BaselineBad} of {metric.BaselineN}); {Evidence(metric, evidence / threshold)}";

    private static bool IsLatency(string metric) => metric.StartsWith(Latency, StringComparison.Ordinal);

    // Why nothing is done about a guarded metric is the end of its detail.
    private static string Guard(string? detail) =>
        detail?.IndexOf(NotActedOn, StringComparison.Ordinal) is >= 0 and var at ? detail[at..] : "but from too few clients";

    /// <summary><c>orders, 5xx: 25 % of the traffic on green for 00:04; bad: 3 on green (12 responses), 1 on blue (40 responses); 40 % of the evidence for a rollback</c>.</summary>
    /// <param name="comparison">What is compared.</param>
    /// <param name="release">The release.</param>
    /// <param name="now">The gateway's time.</param>
    public static string Of(BakeComparison comparison, Release release, DateTimeOffset now)
    {
        var slots = release.Services.FirstOrDefault(service => service.Name == comparison.Service) ?? release.Services[0];
        var (to, from) = (slots.To.ToText(), slots.From.ToText());
        var counted = comparison.Key == "request" ? IsLatency(comparison.Metric) ? "slow" : "bad" : IsLatency(comparison.Metric) ? "clients with slow responses" : "clients with bad responses";
        var stratum = comparison.Stratum;
        var (newBad, newResponses, oldBad, oldResponses) = stratum is null
            ? (comparison.NewBad, comparison.NewResponses, comparison.OldBad, comparison.OldResponses)
            : (stratum.NewBad, stratum.NewResponses, stratum.OldBad, stratum.OldResponses);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{comparison.Service}, {comparison.Metric}{(stratum is null ? "" : $" of {stratum.Name}")}: {comparison.Weight:0.##} % of the traffic on {to} for {Durations.Clock(now - comparison.Since)}; {counted}: {newBad} on {to} ({Names.Plural(newResponses, "response")}), {oldBad} on {from} ({Names.Plural(oldResponses, "response")}); {Evidence(comparison.Threshold is { } threshold ? comparison.LnE / threshold : 0)}");
    }

    /// <summary><c>query checkout-errors on green 0.031, at most 0.01, for 10 s</c>; the gateway has the words.</summary>
    public static string Of(BakeQuery query) => query.Detail ?? $"query {query.Name}: {query.Status}";

    // Evidence is a logarithm that begins at 0 and falls with every good response: below, it speaks for the new slot.
    private static string Evidence(BakeMetric metric, double share) => metric.Status switch
    {
        Failed => "enough evidence for a rollback",
        Guarded => $"enough evidence for a rollback, {Guard(metric.Detail)}",
        _ => Evidence(share),
    };

    private static string Evidence(double share) => Math.Floor(share * 100) < 1
        ? "no evidence for a rollback"
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(MostPercent, Math.Floor(share * 100)):0} % of the evidence for a rollback");

    private static string Milliseconds(double? now, double? before, string old) =>
        $"{Milliseconds(now) ?? "not known yet"} ({old} {Milliseconds(before) ?? "not known"})";

    private static string? Milliseconds(double? value) => value is { } number ? string.Create(CultureInfo.InvariantCulture, $"{number:0.#} ms") : null;
}

using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>Decides whether an answer passes. Pure.</summary>
internal static class ReportJudge
{
    /// <summary>Why an answer fails; null when it passes.</summary>
    /// <param name="options">What the service asks for.</param>
    /// <param name="statusCode">The HTTP status code.</param>
    /// <param name="report">The report; null when there is none.</param>
    /// <param name="reportError">Why there is none.</param>
    public static string? ReasonToFail(HealthOptions options, int statusCode, HealthReport? report, string? reportError)
    {
        var reasons = ImmutableArray.CreateBuilder<string>();
        if (!options.ExpectStatus.Contains(statusCode))
        {
            reasons.Add($"status code {statusCode}, expected {options.ExpectStatus}");
        }

        if (report is null)
        {
            if (options.RequireReport || !options.RequiredChecks.IsEmpty)
            {
                reasons.Add(reportError ?? "there is no health report");
            }
        }
        else
        {
            AddReportReasons(reasons, options, report);
        }

        return reasons.Count == 0 ? null : string.Join("; ", reasons);
    }

    private static void AddReportReasons(ImmutableArray<string>.Builder reasons, HealthOptions options, HealthReport report)
    {
        if (!Passes(options, report.Status))
        {
            var failing = report.Checks.Where(check => check.Value != ReportParser.Healthy).Select(check => $"{check.Key} {check.Value}").ToList();
            reasons.Add(failing.Count == 0 ? $"the API reports {report.Status}" : $"the API reports {report.Status}: {string.Join(", ", failing)}");
        }

        foreach (var required in options.RequiredChecks)
        {
            if (!report.Checks.TryGetValue(required, out var status))
            {
                reasons.Add($"required check \"{required}\" is missing from the report");
            }
            else if (!Passes(options, status))
            {
                reasons.Add($"required check \"{required}\" is {status}");
            }
        }
    }

    private static bool Passes(HealthOptions options, string status) =>
        status == ReportParser.Healthy || (options.AllowDegraded && status == ReportParser.Degraded);
}

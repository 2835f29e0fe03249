using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BlueGreen.AspNetCore.Health;

/// <summary>What became of one check in one probe, in words that may leave the process.</summary>
internal sealed record CheckResult(string Name, CheckReport Report, long? SchemaVersion = null)
{
    // The gateway refuses a report over 64 KiB; no check may fill it alone.
    private const int LongestDescription = 256;

    public bool IsSchema => string.Equals(Name, SchemaCheck.Name, StringComparison.Ordinal);

    public static CheckResult Answered(string name, HealthReportEntry entry) => new(
        name,
        new CheckReport(entry.Status, Milliseconds(entry.Duration), Describe(name, entry)),
        entry.Data.TryGetValue(SchemaCheck.CurrentKey, out var current) ? current as long? : null);

    public static CheckResult Slow(string name, TimeSpan waited, TimeSpan timeout) => new(
        name,
        new CheckReport(HealthStatus.Unhealthy, Milliseconds(waited), $"No answer within {timeout.TotalSeconds} s."));

    // The description that comes with an exception is the exception's message, or is made from it: it may hold host
    // names, statements, connection strings. It stays in the log.
    private static string? Describe(string name, HealthReportEntry entry) => entry switch
    {
        { Exception: null } => Shorten(entry.Description),
        { Exception: OperationCanceledException } => "The check was cancelled by a timeout of its own.",
        _ when string.Equals(name, SchemaCheck.Name, StringComparison.Ordinal) => "The schema version could not be read.",
        _ => "The check failed with an exception; the log of the API has it.",
    };

    private static string? Shorten(string? description) =>
        description is { Length: > LongestDescription } ? description[..LongestDescription] : description;

    private static double Milliseconds(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 3);
}

using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Gates;

/// <summary>The gates that are judged on what the destinations report. Pure.</summary>
internal static class ReportGates
{
    /// <summary>Judges version, schema, capacity and known-bad versions.</summary>
    /// <param name="plan">What was asked for.</param>
    /// <param name="target">The service and its slots.</param>
    /// <param name="verification">The new slot's fresh measurement.</param>
    /// <param name="oldReports">The newest reports of the old slot's destinations.</param>
    /// <param name="oldDestinations">How many destinations the old slot has.</param>
    public static IEnumerable<GateResult> Judge(
        GatePlan plan, GateTarget target, SlotVerification verification, IReadOnlyList<HealthReport> oldReports, int oldDestinations)
    {
        var service = target.Service.Name;
        yield return JudgeVersion(service, plan.ExpectVersion, target.DeployedVersion, verification);
        yield return JudgeSchema(service, verification, oldReports);
        yield return JudgeCapacity(target, verification, oldDestinations);
        yield return JudgeKnownBad(service, plan, target, verification);
    }

    private static GateResult JudgeVersion(string service, string? expected, string? deployed, SlotVerification verification)
    {
        var versions = verification.Destinations
            .Select(id => (Id: id, Version: verification.Reports.GetValueOrDefault(id)?.Version))
            .ToList();
        if (expected is not null)
        {
            var others = versions.Where(reported => reported.Version != expected).Select(reported => $"{reported.Id} reports {reported.Version ?? "none"}").ToList();
            return others.Count == 0 && versions.Count > 0
                ? Passed(GateNames.Version, service, $"every destination reports {expected}")
                : Failed(GateNames.Version, service, $"expected {expected}; {(versions.Count == 0 ? "there are no destinations" : string.Join(", ", others))}");
        }

        // A process that was never replaced is as healthy as before; only its version tells.
        var old = deployed is null ? [] : versions.Where(reported => reported.Version is not null && reported.Version != deployed).ToList();
        if (old.Count > 0)
        {
            return Failed(
                GateNames.Version, service, $"{deployed} was deployed, but {string.Join(", ", old.Select(reported => $"{reported.Id} reports {reported.Version}"))}: is the new process running there?");
        }

        var distinct = versions.Select(reported => reported.Version).Distinct(StringComparer.Ordinal).ToList();
        return distinct.Count > 1
            ? Failed(GateNames.Version, service, $"the destinations disagree: {string.Join(", ", versions.Select(reported => $"{reported.Id} reports {reported.Version ?? "none"}"))}")
            : Passed(GateNames.Version, service, distinct is [{ } version] ? $"every destination reports {version}" : "no version was expected, and none is reported");
    }

    // Expand and contract: the database must suit the version that comes and the one that one may have to go back to.
    private static GateResult JudgeSchema(string service, SlotVerification verification, IReadOnlyList<HealthReport> oldReports)
    {
        var old = oldReports.Select(report => report.Schema).OfType<SchemaReport>().ToList();
        var fresh = verification.Destinations.Select(id => (Id: id, verification.Reports.GetValueOrDefault(id)?.Schema)).ToList();
        if (fresh.TrueForAll(reported => reported.Schema is null))
        {
            return old.Count == 0
                ? Passed(GateNames.Schema, service, "neither slot reports a schema")
                : Failed(GateNames.Schema, service, "the old slot reports a schema and the new one does not, so nothing says that they agree");
        }

        var problems = new List<string>();
        foreach (var (id, schema) in fresh)
        {
            if (schema?.Current is not { } current)
            {
                problems.Add($"{id} does not report the current schema version");
                continue;
            }

            if (!IsWithin(current, schema))
            {
                problems.Add($"the database is at {Text(current)}, and {id} works with {Range(schema)}: migrate first");
            }

            problems.AddRange(old
                .Where(range => !IsWithin(current, range))
                .Distinct()
                .Select(range => $"the database is at {Text(current)}, and the old slot works with {Range(range)}: there would be no way back"));
        }

        return problems.Count > 0
            ? Failed(GateNames.Schema, service, string.Join("; ", problems.Distinct(StringComparer.Ordinal)))
            : Passed(GateNames.Schema, service, old.Count > 0
                ? "the database's schema suits the new slot and the old one"
                : "the database's schema suits the new slot; the old one reports none, so the way back is not known to be open");
    }

    private static GateResult JudgeCapacity(GateTarget target, SlotVerification verification, int oldDestinations)
    {
        var options = target.Service.Options.Capacity;
        var byPercent = (int)Math.Ceiling(oldDestinations * options.MinPercent / 100.0);
        var needed = Math.Max(options.MinDestinations, byPercent);
        var healthy = verification.PassedDestinations;
        var detail = $"{healthy} healthy, {needed} needed"
            + (byPercent > options.MinDestinations ? $" ({options.MinPercent} % of the old slot's {oldDestinations})" : "");
        return healthy >= needed ? Passed(GateNames.Capacity, target.Service.Name, detail) : Failed(GateNames.Capacity, target.Service.Name, detail);
    }

    private static GateResult JudgeKnownBad(string service, GatePlan plan, GateTarget target, SlotVerification verification)
    {
        // A rollback remembers the version as it was known: reported, or else as deployed.
        var reported = verification.Reports.Values.Select(report => report.Version).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var versions = reported.Count > 0 || target.DeployedVersion is null ? reported : [target.DeployedVersion];
        var bad = versions.Where(version => target.KnownBad.Contains(version)).ToList();
        return bad.Count == 0
            ? Passed(GateNames.KnownBad, service, "not a version that was rolled back")
            : plan.RetryKnownBad
            ? new GateResult(GateNames.KnownBad, service, GateStatus.Skipped, $"version {string.Join(", ", bad)} was rolled back before, and is to be tried again (retryKnownBad)")
            : Failed(
                GateNames.KnownBad,
                service,
                $"version {string.Join(", ", bad)} was rolled back before: release another one, or, if that one was not to blame, try it again (\"retryKnownBad\": true, or bluegreen cutover --retry-known-bad); every other gate is judged as usual");
    }

    private static bool IsWithin(long current, SchemaReport range) => current >= range.Min && current <= range.Max;

    private static string Range(SchemaReport range) => range.Min == range.Max ? Text(range.Min) : $"{Text(range.Min)} to {Text(range.Max)}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static GateResult Passed(string name, string service, string detail) => new(name, service, GateStatus.Passed, detail);

    private static GateResult Failed(string name, string service, string detail) => new(name, service, GateStatus.Failed, detail);
}

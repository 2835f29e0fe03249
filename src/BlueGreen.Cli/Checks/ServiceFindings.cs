using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.Cli.Checks;

/// <summary>What is allowed, and yet not what somebody can have meant. Pure.</summary>
internal static class ServiceFindings
{
    // YARP's default for a request on which nothing moves.
    private static readonly TimeSpan UsualActivityTimeout = TimeSpan.FromSeconds(100);

    /// <summary>What the configuration alone shows.</summary>
    public static IEnumerable<Finding> Of(ServiceOptions service, ClusterConfig blue, ClusterConfig green, IReadOnlyList<RouteConfig> routes)
    {
        var key = $"BlueGreen:Services:{service.Name}";
        var own = routes.Where(route => IsOf(route, blue) || IsOf(route, green)).ToList();
        if (own.Count == 0)
        {
            yield return new(key, $"No route leads to it: no route in ReverseProxy:Routes has the ClusterId {blue.ClusterId} or {green.ClusterId}.");
        }

        if (blue.Destinations is not { Count: > 0 } && green.Destinations is not { Count: > 0 })
        {
            yield return new(key, "Neither slot has destinations: every request is answered with 503 until something is deployed.");
        }

        foreach (var shared in Addresses(blue).Intersect(Addresses(green), StringComparer.OrdinalIgnoreCase))
        {
            yield return new(key, $"{shared} is in both slots: a cutover would switch to the same process.");
        }

        var health = service.Health;
        if (health.Timeout > health.Interval)
        {
            yield return new($"{key}:Health:Timeout", $"{Text(health.Timeout)} is longer than the Interval {Text(health.Interval)}: a destination that hangs is found late.");
        }

        // As long as it takes until a destination that begins to fail just after a probe counts as unhealthy.
        var toNotice = (health.Interval * health.UnhealthyThreshold) + health.Timeout;
        if (service.Bake.Duration == TimeSpan.Zero)
        {
            yield return new($"{key}:Bake:Duration", "There is no bake: a release succeeds at once, whatever the new slot does then.");
        }
        else if (service.Bake.Duration < toNotice)
        {
            yield return new(
                $"{key}:Bake:Duration",
                $"{Text(service.Bake.Duration)} is over before the probes can find the new slot unhealthy, which takes up to {Text(toNotice)} (Interval × UnhealthyThreshold + Timeout).");
        }

        foreach (var query in service.Bake.Queries.Where(query => service.Bake.Duration > TimeSpan.Zero && service.Bake.Duration <= (query.For ?? query.Interval)))
        {
            yield return new(
                $"{key}:Bake:Queries:{query.Name}",
                $"The bake is over after {Text(service.Bake.Duration)}, before the query can count against the new slot, which takes {Text(query.For ?? query.Interval)} ({(query.For is null ? "two readings, Prometheus:Interval apart" : "For")}).");
        }

        foreach (var (step, index) in (service.Traffic.Shift?.Steps ?? []).Select((step, index) => (step, index)).Where(entry => entry.step.Duration == TimeSpan.Zero))
        {
            yield return new($"{key}:Traffic:Shift:Steps:{index}:Duration", "It is 0, so the step is over as soon as it begins.");
        }

        foreach (var (name, longest) in LongestRequests(own, blue, green))
        {
            if (service.DrainTimeout < longest)
            {
                yield return new(
                    $"{key}:Drain:Timeout",
                    $"{Text(service.DrainTimeout)} is shorter than {name} ({Text(longest)}): requests that would have ended are cancelled at a cutover.");
            }
        }
    }

    /// <summary>What the destinations' answers show.</summary>
    public static IEnumerable<Finding> Of(ServiceOptions service, IReadOnlyCollection<ProbeSeen> probes)
    {
        var key = $"BlueGreen:Services:{service.Name}";
        foreach (var failed in probes.Where(seen => !seen.Probe.Passed))
        {
            yield return new($"{key}:Health:Path", $"{failed.Slot.ToText()} {failed.Id} ({failed.Address}) does not pass at {service.Health.Path}: {failed.Probe.Reason}.");
        }

        foreach (var shallow in probes.Where(seen => seen.Probe is { Passed: true, Report: null or { Checks.Count: 0 } }))
        {
            yield return new($"{key}:Health:Path", $"{shallow.Slot.ToText()} {shallow.Id} names no checks in its report: a health path that looks at nothing is always healthy.");
        }

        var blue = Reports(probes, SlotName.Blue);
        var green = Reports(probes, SlotName.Green);
        if (blue.Count == 0 || green.Count == 0)
        {
            yield break;
        }

        foreach (var (slot, reports) in new[] { (SlotName.Blue, blue), (SlotName.Green, green) })
        {
            if (reports.Select(report => report.Version).Distinct(StringComparer.Ordinal).ToList() is { Count: > 1 } versions)
            {
                yield return new(key, $"The destinations of {slot.ToText()} disagree about their version: {string.Join(", ", versions.Select(version => version ?? "none"))}.");
            }
        }

        var (blueChecks, greenChecks) = (Checks(blue), Checks(green));
        if (blueChecks.Count > 0 && greenChecks.Count > 0 && !blueChecks.Overlaps(greenChecks))
        {
            yield return new(key, $"The slots have no check in common (blue: {Names(blueChecks)}; green: {Names(greenChecks)}): are they the same API?");
        }
        else if (blueChecks.Except(greenChecks, StringComparer.OrdinalIgnoreCase).ToList() is { Count: > 0 } missing)
        {
            yield return new(key, $"green does not report what blue does: {Names(missing)}.");
        }
        else if (greenChecks.Except(blueChecks, StringComparer.OrdinalIgnoreCase).ToList() is { Count: > 0 } more)
        {
            yield return new(key, $"blue does not report what green does: {Names(more)}.");
        }

        if (blue.Exists(report => report.Schema is null) != green.Exists(report => report.Schema is null))
        {
            yield return new(key, "Only one slot reports the database's schema, so the gate can't compare them (docs/gates/schema.md).");
        }
    }

    // A request may go on for as long as something moves on it; these are the limits that somebody has set, or YARP's own.
    private static IEnumerable<(string Name, TimeSpan Longest)> LongestRequests(IEnumerable<RouteConfig> routes, ClusterConfig blue, ClusterConfig green)
    {
        foreach (var route in routes.Where(route => route.Timeout is not null))
        {
            yield return ($"the Timeout of route {route.RouteId}", route.Timeout!.Value);
        }

        var activity = new[] { blue, green }.Max(cluster => cluster.HttpRequest?.ActivityTimeout ?? UsualActivityTimeout);
        yield return ("the time that a request may wait for its answer, HttpRequest:ActivityTimeout of the cluster", activity);
    }

    private static bool IsOf(RouteConfig route, ClusterConfig cluster) => string.Equals(route.ClusterId, cluster.ClusterId, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Addresses(ClusterConfig cluster) => cluster.Destinations?.Values.Select(destination => destination.Address.TrimEnd('/')) ?? [];

    private static List<HealthReport> Reports(IEnumerable<ProbeSeen> probes, SlotName slot) =>
        [.. probes.Where(seen => seen.Slot == slot).Select(seen => seen.Probe.Report).OfType<HealthReport>()];

    private static HashSet<string> Checks(IEnumerable<HealthReport> reports) =>
        reports.SelectMany(report => report.Checks.Keys).ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.OrdinalIgnoreCase));

    private static string Text(TimeSpan duration) => duration.ToString("c");
}

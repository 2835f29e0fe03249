using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Routing;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>What a release is held against.</summary>
/// <param name="Kind">A rollback is asked for its health alone.</param>
/// <param name="Force">Skips every gate.</param>
/// <param name="ExpectVersion">The version that the new slot has to report.</param>
/// <param name="Targets">The slot of each service that would become active.</param>
internal sealed record GatePlan(ReleaseKind Kind, bool Force, string? ExpectVersion, ImmutableArray<(ServiceEntry Service, Slot Target)> Targets);

/// <summary>Evaluates the gates, each time by fresh measurement.</summary>
internal sealed class GateEvaluator(HealthMonitor monitor, SlotVerifier verifier)
{
    public const string DeepHealth = "deepHealth";
    public const string Version = "version";

    public async Task<ImmutableList<Gate>> EvaluateAsync(GatePlan plan, CancellationToken cancellationToken)
    {
        var gates = await Task.WhenAll(plan.Targets.Select(target => EvaluateAsync(plan, target.Service, target.Target, cancellationToken)));
        return [.. gates.SelectMany(gate => gate)];
    }

    private async Task<ImmutableList<Gate>> EvaluateAsync(GatePlan plan, ServiceEntry service, Slot target, CancellationToken cancellationToken)
    {
        if (plan.Force)
        {
            return [new(DeepHealth, service.Name, GateStatus.Skipped, "forced")];
        }

        var verification = await verifier.VerifyAsync(service, target, PassesFor(plan.Kind, service, target), cancellationToken);
        var gates = ImmutableList.Create(
            new Gate(DeepHealth, service.Name, verification.Passed ? GateStatus.Passed : GateStatus.Failed, verification.Detail));
        return plan.ExpectVersion is { } expected ? gates.Add(JudgeVersion(service, target, verification, expected)) : gates;
    }

    // A slot that was served from until a moment ago and has been measured healthy ever since is asked once more, so that a
    // rollback is not kept waiting; one that is not known to be healthy has to show it like any other.
    private int PassesFor(ReleaseKind kind, ServiceEntry service, Slot target) =>
        kind == ReleaseKind.Rollback && monitor.HealthOf(target) == HealthState.Healthy ? 1 : service.Options.Health.HealthyThreshold;

    private Gate JudgeVersion(ServiceEntry service, Slot target, SlotVerification verification, string expected)
    {
        var others = monitor.ProbersOf(target)
            .Select(prober => (prober.Id, Version: verification.Reports.GetValueOrDefault(prober.Id)?.Version))
            .Where(reported => reported.Version != expected)
            .Select(reported => $"{reported.Id} reports {reported.Version ?? "none"}")
            .ToList();
        return others.Count == 0 && verification.Reports.Count > 0
            ? new Gate(Version, service.Name, GateStatus.Passed, $"every destination reports {expected}")
            : new Gate(Version, service.Name, GateStatus.Failed, $"expected {expected}; {(others.Count == 0 ? "nothing was reported" : string.Join(", ", others))}");
    }
}

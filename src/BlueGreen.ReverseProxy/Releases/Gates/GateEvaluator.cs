using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases.Bake.Queries;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Gates;

/// <summary>What a release is held against.</summary>
/// <param name="Kind">A rollback is asked for its health alone.</param>
/// <param name="Force">Skips every gate.</param>
/// <param name="ExpectVersion">The version that the new slot has to report.</param>
/// <param name="Targets">The slot of each service that would become active, with what was rolled back of that service before.</param>
/// <param name="IsDryRun">Only looks: sends no warm-up requests to the new slot.</param>
/// <param name="Order">The release; null for a preflight.</param>
internal sealed record GatePlan(
    ReleaseKind Kind, bool Force, string? ExpectVersion, ImmutableArray<GateTarget> Targets, bool IsDryRun = false, GateOrder? Order = null)
{
    /// <summary>Whether a version may be released although it was rolled back before.</summary>
    public bool RetryKnownBad { get; init; }

    /// <summary>What the order asks of a mirror; null where the configuration decides.</summary>
    public MirrorGateState? Mirror { get; init; }
}

/// <summary>The release that a plan is made for.</summary>
/// <param name="Release">Its id.</param>
/// <param name="Actor">Who has ordered it.</param>
/// <param name="Reason">The reason that the caller gave.</param>
internal sealed record GateOrder(string Release, string Actor, string? Reason);

/// <summary>One service of a plan.</summary>
/// <param name="Service">The service.</param>
/// <param name="From">The slot that is active.</param>
/// <param name="To">The slot that would become active.</param>
/// <param name="KnownBad">The versions that were rolled back.</param>
/// <param name="DeployedVersion">The version that the deployment into <paramref name="To"/> named; null if it named none, and without a deployment.</param>
/// <param name="Generation">The service's generation.</param>
internal sealed record GateTarget(Service Service, Slot From, Slot To, ImmutableList<string> KnownBad, string? DeployedVersion = null, long Generation = 0);

/// <summary>Evaluates the gates, each time by fresh measurement.</summary>
internal sealed class GateEvaluator(HealthMonitor monitor, SlotVerifier verifier, SlotWarmer warmer, MirrorRuns mirrors, QueryGates queries, HostGates hostGates)
{
    /// <summary>Evaluates all of them.</summary>
    /// <param name="plan">What is asked for.</param>
    /// <param name="judged">Told of each verdict when it is reached, from any thread; null for nobody.</param>
    /// <param name="cancellationToken">Ends the evaluation.</param>
    public async Task<ImmutableList<GateResult>> EvaluateAsync(GatePlan plan, Action<GateResult>? judged, CancellationToken cancellationToken)
    {
        var gates = await Task.WhenAll(plan.Targets.Select(target => EvaluateAsync(plan, target, judged, cancellationToken)));
        return [.. gates.SelectMany(gate => gate)];
    }

    private async Task<ImmutableList<GateResult>> EvaluateAsync(GatePlan plan, GateTarget target, Action<GateResult>? judged, CancellationToken cancellationToken)
    {
        var service = target.Service;
        if (plan.Force)
        {
            return
            [
                .. GateNames.For(plan.Kind, service.Options, plan.Mirror is not null).Select(name => new GateResult(name, service.Name, GateStatus.Skipped, "forced")),
                .. hostGates.Name(plan.Kind, service.Name, GateStatus.Skipped, "forced"),
            ];
        }

        var verification = await verifier.VerifyAsync(service, target.To, PassesFor(plan.Kind, service, target.To), cancellationToken);
        var gates = ImmutableList.Create(
            new GateResult(GateNames.DeepHealth, service.Name, verification.Passed ? GateStatus.Passed : GateStatus.Failed, verification.Detail));
        gates.ForEach(gate => judged?.Invoke(gate));
        if (!verification.Passed)
        {
            // What a sick destination reports of itself, or fails to, would only bury the reason.
            const string NotJudged = "not judged: deep health has failed";
            return gates
                .AddRange(GateNames.For(plan.Kind, service.Options, plan.Mirror is not null)
                    .Where(name => name != GateNames.DeepHealth)
                    .Select(name => new GateResult(name, service.Name, GateStatus.Pending, NotJudged)))
                .AddRange(hostGates.Name(plan.Kind, service.Name, GateStatus.Pending, NotJudged));
        }

        if (plan.Kind == ReleaseKind.Cutover)
        {
            gates = await EvaluateCutoverAsync(plan, target, gates, verification, judged, cancellationToken);
        }

        return gates.Exists(gate => gate.Status == GateStatus.Failed)
            ? gates.AddRange(hostGates.Name(plan.Kind, service.Name, GateStatus.Pending, "not judged: a gate before it has failed"))
            : gates.AddRange(await hostGates.EvaluateAsync(plan, target, monitor, judged, cancellationToken));
    }

    private async Task<ImmutableList<GateResult>> EvaluateCutoverAsync(
        GatePlan plan, GateTarget target, ImmutableList<GateResult> gates, SlotVerification verification, Action<GateResult>? judged, CancellationToken cancellationToken)
    {
        var service = target.Service;
        var onReports = ReportGates.Judge(plan, target, verification, OldReports(target.From), monitor.ProbersOf(target.From).Length).ToImmutableList();
        if ((plan.Mirror ?? MirrorGateState.Of(service.Options.Traffic.Mirror.Gate)) is { } wanted)
        {
            onReports = onReports.Add(MirrorGate.Judge(target, wanted, mirrors.NewestOf(service)));
        }

        onReports.ForEach(gate => judged?.Invoke(gate));
        gates = gates.AddRange(onReports);

        // Warming a slot that will not be switched to would only load it.
        gates = service.Options.WarmUp.Paths.IsEmpty || gates.Exists(gate => gate.Status == GateStatus.Failed)
            ? gates
            : plan.IsDryRun
            ? gates.Add(new GateResult(GateNames.WarmUp, service.Name, GateStatus.Pending, "done at the cutover"))
            : gates.Add(await warmer.WarmUpAsync(service, target.To, cancellationToken));
        return gates.AddRange(await AskQueriesAsync(plan, target, gates, judged, cancellationToken));
    }

    private async Task<ImmutableList<GateResult>> AskQueriesAsync(
        GatePlan plan, GateTarget target, ImmutableList<GateResult> before, Action<GateResult>? judged, CancellationToken cancellationToken)
    {
        if (before.Exists(gate => gate.Status == GateStatus.Failed))
        {
            return
            [
                .. target.Service.Options.Bake.Queries.Where(query => query.Gate)
                    .Select(query => new GateResult(GateNames.Query(query.Name), target.Service.Name, GateStatus.Pending, "not judged: a gate before it has failed")),
            ];
        }

        var asked = await queries.AskAsync(plan, target, cancellationToken);
        asked.ForEach(gate => judged?.Invoke(gate));
        return asked;
    }

    // A slot that was served from until a moment ago and has been measured healthy ever since is asked once more, so that a
    // rollback is not kept waiting; one that is not known to be healthy has to show it like any other.
    private int PassesFor(ReleaseKind kind, Service service, Slot target) =>
        kind == ReleaseKind.Rollback && monitor.HealthOf(target) == HealthState.Healthy ? 1 : service.Options.Health.HealthyThreshold;

    private List<HealthReport> OldReports(Slot slot) =>
        [.. monitor.ProbersOf(slot).Select(prober => prober.Record.LastProbe?.Report).OfType<HealthReport>()];
}

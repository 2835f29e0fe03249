using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Evaluates the gates, and switches or rejects.</summary>
internal sealed partial class VerifyStep(
    ReleaseContext context, GateEvaluator gates, PreSwitchHooks hooks, SwitchMeasurement measurement, BakeMonitors monitors, ILogger<VerifyStep> logger) : IReleaseStep
{
    public async Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping)
    {
        if (release.VerifiedBy != context.Process)
        {
            // What was measured is gone with the process that measured it, and whoever asked has lost the connection: they ask again.
            await context.CommitAsync(
                release.Id,
                ReleaseStatus.Verifying,
                (change, current) => current.VerifiedBy == context.Process ? change : ReleaseTransitions.End(
                    change, current, ReleaseStatus.Failed, "the gateway stopped during the verification; nothing was switched", context.Now),
                stopping);
            return;
        }

        ImmutableList<GateResult>? verdicts = null;
        await Race.FirstAsync(
            stopping,
            token => context.ChangedAsync(release, token),
            async token => verdicts = await EvaluateAsync(release, progress, token));
        if (verdicts is not null)
        {
            await DecideAsync(release, verdicts, progress, stopping);
        }
    }

    private async Task<ImmutableList<GateResult>> EvaluateAsync(ReleaseState release, ReleaseProgress progress, CancellationToken cancellationToken)
    {
        var plan = new GatePlan(
            release.Kind,
            release.Force,
            release.ExpectVersion,
            [.. release.Open.Select(entry => GateTargets.Of(context.State.Current, context.Entry(entry.Name), entry.To))],
            Order: new GateOrder(release.Id, release.Actor, release.Reason))
        {
            RetryKnownBad = release.RetryKnownBad == true,
            Mirror = release.MirrorGate,
        };
        progress.BeginJudging();
        var judged = await gates.EvaluateAsync(plan, progress.Judge, cancellationToken);
        if (release.Force)
        {
            return judged.AddRange(hooks.Name(release.Kind, [.. release.Services.Select(service => service.Name)], GateStatus.Skipped, "forced"));
        }

        // A hook may run tests for an hour; it is not asked about a release that fails anyway.
        return judged.Exists(gate => gate.Status == GateStatus.Failed) ? judged : judged.AddRange(await hooks.CallAsync(release, progress.Judge, cancellationToken));
    }

    private async Task DecideAsync(ReleaseState release, ImmutableList<GateResult> verdicts, ReleaseProgress progress, CancellationToken stopping)
    {
        var failed = verdicts.Exists(gate => gate.Status == GateStatus.Failed);

        // The watch looks at the new slot before the first response can come from it.
        var moment = measurement.Take(release);
        var monitor = failed ? null : monitors.Prepare(release with { Bake = moment.Bake }, sinceSwitch: TimeSpan.Zero);
        ReleaseStatus? next = null;
        try
        {
            next = await context.State.CommitAsync(
                committed =>
                {
                    if (ReleaseTransitions.Running(committed.State, release.Id) is not { Status: ReleaseStatus.Verifying } current)
                    {
                        return new Decision<ReleaseStatus?>(null, null);
                    }

                    var change = failed
                        ? ReleaseTransitions.Reject(committed.Change(), current, verdicts, context.Now)
                        : ReleaseTransitions.Pass(committed.Change(), current, verdicts, moment, context.Now);
                    return new Decision<ReleaseStatus?>(change, ReleaseTransitions.Running(change.State, release.Id)?.Status);
                },
                stopping);
        }
        catch (StateUnavailableException exception)
        {
            progress.FailToStore(exception);
            await context.CommitAsync(
                release.Id,
                ReleaseStatus.Verifying,
                (change, current) => ReleaseTransitions.End(
                    change, current, ReleaseStatus.Failed, $"the switch could not be stored; nothing was switched: {exception.Message}", context.Now),
                stopping);
        }
        finally
        {
            if (next is not (ReleaseStatus.Draining or ReleaseStatus.Shifting))
            {
                monitor?.End();
            }
        }

        if (next == ReleaseStatus.Shifting)
        {
            progress.Bake = monitor;
            monitors.Watch(monitor);
        }
        else if (next == ReleaseStatus.Draining)
        {
            progress.Bake = monitor;
            progress.Switch = SwitchClock.Of(release, context.OldSlots(release), isOwn: true, context.Time);
            monitors.Start(release, monitor);
            foreach (var entry in release.Open)
            {
                LogSwitched(logger, entry.Name, entry.From.ToText(), entry.To.ToText(), release.Id);
            }
        }
    }

    [LoggerMessage(4001, LogLevel.Information, "Switched {Service} from {From} to {To} by release {Release}.")]
    private static partial void LogSwitched(ILogger logger, string service, string from, string to, string release);
}

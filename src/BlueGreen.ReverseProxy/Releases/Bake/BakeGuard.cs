using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Releases.Bake.Queries;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>
/// Judges each bake every second and at every bad response, and acts on what it finds: a rollback through the release engine, or a
/// hold. It decides nothing by itself: each step is a decision under the one writer that checks the release's status again, so that
/// an operator's rollback, finish or cutover of the same moment either comes first and stands, or comes second and finds it done.
/// </summary>
internal sealed partial class BakeGuard(
    CommittedState state,
    ServiceCatalog services,
    BakeMonitors monitors,
    ReleaseEngine engine,
    SlotVerifier verifier,
    Confirmations confirmations,
    QueryLoops queries,
    ReleaseProgresses progresses,
    ReleaseContext context,
    BackgroundLoops loops,
    TimeProvider time,
    ILogger<BakeGuard> logger) : BackgroundService
{
    // Requests that hang wake nobody: at a thousand a second, each look that is late costs hundreds of them.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    // Where somebody is to decide, where both slots are sick, and where the disk does not take what was found.
    private static readonly TimeSpan PatientInterval = TimeSpan.FromSeconds(1);

    // Between two looks at the least, so that a client that hammers does not keep a processor busy with judging.
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan FirstProgress = TimeSpan.FromSeconds(10);

    // What a crash loses of the time that has been counted, and of the figures.
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Outside the loop: when it is restarted, the monitors that it has started go on.
        var guarded = new List<Task>();
        await loops.RunAsync(
            "bake",
            subject: null,
            async stopping =>
            {
                await foreach (var monitor in monitors.Started.ReadAllAsync(stopping))
                {
                    guarded.RemoveAll(task => task.IsCompleted);
                    guarded.Add(Task.Run(() => loops.RunAsync("bake", monitor.ReleaseId, token => WatchAsync(monitor, token), stopping), CancellationToken.None));
                }
            },
            stoppingToken);
        await Task.WhenAll(guarded).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task WatchAsync(ReleaseMonitor monitor, CancellationToken stopping) =>
        monitor.Queries.IsEmpty ? GuardAsync(monitor, stopping) : queries.WhileAsync(monitor, () => GuardAsync(monitor, stopping), stopping);

    // The last resort of a watch is to look again: a bake that nobody watches would end as a success that nobody has seen.
    private async Task GuardAsync(ReleaseMonitor monitor, CancellationToken stopping)
    {
        var schedule = new MonitorSchedule(time);
        while (!stopping.IsCancellationRequested && Watched(monitor) is { } release)
        {
            Task? woken = monitor.NextBadResponseAsync();
            await schedule.SpaceAsync(Spacing, stopping);
            try
            {
                await JudgeAsync(monitor, release, schedule, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (StateUnavailableException exception)
            {
                LogNotStored(logger, release.Id, exception.Message);
                woken = null;
            }
#pragma warning disable CA1031 // A defect in one look must not end the watch.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogDefect(logger, exception, release.Id);
                woken = null;
            }

            await WaitAsync(monitor, release.Bake?.Hold is null ? woken : null, stopping);
        }
    }

    private ReleaseState? Watched(ReleaseMonitor monitor) =>
        ReleaseTransitions.Running(state.Current, monitor.ReleaseId) is { } release && IsWatchedBy(monitor, release) ? release : null;

    private static bool IsWatchedBy(ReleaseMonitor monitor, ReleaseState release) => monitor.IsOfShift
        ? release.Status == ReleaseStatus.Shifting
        : release is { Status: ReleaseStatus.Draining or ReleaseStatus.Baking or ReleaseStatus.Confirming, BakeSeconds: > 0 };

    // For some time, or until something bad is answered, or until the release has ended.
    private async Task WaitAsync(ReleaseMonitor monitor, Task? woken, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var ended = state.WaitUntilAsync(_ => Watched(monitor) is null, over.Token);
        var next = Task.Delay(woken is null ? PatientInterval : Interval, time, over.Token);
        await Task.WhenAny(woken is null ? [ended, next] : [ended, next, woken]);
        await over.CancelAsync();
        await Task.WhenAll(ended, next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task JudgeAsync(ReleaseMonitor monitor, ReleaseState release, MonitorSchedule schedule, CancellationToken stopping)
    {
        monitor.KeepOnly(release);
        var finding = monitor.Judge();
        switch (release.Bake?.Hold)
        {
            case BakeHolds.SharedOutage:
                await AwaitRecoveryAsync(monitor, release, schedule, stopping);
                return;
            case BakeHolds.Failed when finding is { Action: BakeFailureAction.Rollback }:
                // Somebody is to decide about something else; that must not turn the automatic rollback off.
                break;
            case not null:
                return;
        }

        if (release.Status == ReleaseStatus.Confirming)
        {
            await CompareAsync(monitor, release, schedule, stopping);
            return;
        }

        schedule.Compared.Clear();
        schedule.Interrupted.Clear();
        if (finding is not null)
        {
            await ActAsync(monitor, release, finding, schedule, stopping);
            return;
        }

        if (await TellOrHoldAsync(monitor, release, schedule) || await AskAsync(monitor, release, schedule, stopping))
        {
            return;
        }

        if (schedule.IsProgressDue(FirstProgress))
        {
            await CommitAsync(monitor, (current, running) => BakeTransitions.Progressed(current, running, monitor.Figures, Elapsed(monitor), time.GetUtcNow()));
        }
        else if (schedule.IsCheckpointDue(CheckpointInterval))
        {
            await CommitAsync(monitor, (current, running) => BakeTransitions.Checkpoint(current, running, monitor.Figures, Elapsed(monitor)));
        }
    }

    private async Task ActAsync(ReleaseMonitor monitor, ReleaseState release, BakeFinding finding, MonitorSchedule schedule, CancellationToken stopping)
    {
        if (BakeTransitions.IsWhollyBeingRolledBack(state.Current, release))
        {
            return;
        }

        var confirmation = monitor.IsOfShift || release.Status == ReleaseStatus.Confirming ? null : confirmations.Plan(monitor, release, finding);
        if (confirmation is null && finding.Action == BakeFailureAction.Hold)
        {
            await HoldAsync(monitor, BakeHolds.Failed, $"{finding.Service}: {finding.Reason}", schedule);
            return;
        }

        // Back to a slot that is sick as well helps nobody.
        if (await FindUnhealthyAsync(release, stopping) is { } sick)
        {
            await HoldAsync(monitor, BakeHolds.SharedOutage, $"{finding.Service}: {finding.Reason}; not rolled back, for {sick}", schedule);
            return;
        }

        if (confirmation is not null)
        {
            await BeginComparisonAsync(monitor, finding, confirmation, schedule);
            return;
        }

        if (monitor.IsOfShift)
        {
            var reason = $"{finding.Service}: {finding.Reason}";
            if (await CommitAsync(monitor, (current, running) =>
                {
                    var failed = BakeTransitions.Failed(current, running, reason, monitor.Figures, time.GetUtcNow());
                    return ShiftTransitions.Revert(failed, failed.Find(running.Id)!, ReleaseStatus.RolledBack, reason, Caller.Bake, "rollback", time.GetUtcNow());
                }))
            {
                LogReverted(logger, monitor.ReleaseId, finding.Service, finding.Reason);
            }

            return;
        }

        var outcome = await engine.RollBackBakeAsync(monitor.ReleaseId, $"{finding.Service}: {finding.Reason}");
        if (outcome?.Refused is { } refusal)
        {
            await HoldAsync(monitor, BakeHolds.NoWayBack, $"{finding.Service}: {finding.Reason}; not rolled back: {refusal.Detail}", schedule);
        }
        else if ((outcome?.Started ?? outcome?.Existing) is { } rollback)
        {
            LogFailed(logger, monitor.ReleaseId, finding.Service, finding.Reason, rollback.Id);
            await state.WaitForAsync(committed => committed.Find(rollback.Id) is not { } running || running.Status.IsEnded() || Watched(monitor) is null, stopping);
            if (state.Find(rollback.Id) is { Status: ReleaseStatus.Rejected, Detail: var why })
            {
                // It was healthy a moment ago and failed the rollback's own gate.
                await HoldAsync(monitor, BakeHolds.SharedOutage, $"{finding.Service}: {finding.Reason}; not rolled back: {why}", schedule);
            }
        }
    }

    private async Task<string?> FindUnhealthyAsync(ReleaseState release, CancellationToken stopping)
    {
        var verifications = await Task.WhenAll(release.Open.Select(async service =>
        {
            if (!services.TryGet(service.Name, out var entry))
            {
                return $"{service.Name} is no longer configured";
            }

            var verification = await verifier.VerifyAsync(entry, entry[service.From], passes: 1, stopping);
            return verification.Passed ? null : $"{service.From.ToText()} of {service.Name} is no better: {verification.Detail}";
        }));
        return verifications.FirstOrDefault(reason => reason is not null);
    }

    private async Task HoldAsync(ReleaseMonitor monitor, string hold, string detail, MonitorSchedule schedule)
    {
        schedule.HeldSince = time.GetTimestamp();
        if (await CommitAsync(monitor, (current, running) => BakeTransitions.Held(current, running, hold, detail, monitor.Figures, time.GetUtcNow())))
        {
            LogHeld(logger, monitor.ReleaseId, hold, detail);
        }
    }

    // What was counted in the outage speaks of the outage: the judgement begins again, with the whole of the time that was lost.
    private async Task AwaitRecoveryAsync(ReleaseMonitor monitor, ReleaseState release, MonitorSchedule schedule, CancellationToken stopping)
    {
        schedule.HeldSince ??= time.GetTimestamp();
        if (await FindUnhealthyAsync(release, stopping) is not null)
        {
            return;
        }

        var held = time.GetElapsedTime(schedule.HeldSince.Value);
        schedule.HeldSince = null;
        monitor.Restart();
        await CommitAsync(monitor, (current, running) => BakeTransitions.Resumed(
            current, running, "the old slot is healthy again; the judgement begins anew", held, time.GetUtcNow()));
    }

    private TimeSpan Elapsed(ReleaseMonitor monitor) => progresses.Find(monitor.ReleaseId) is { } progress ? context.Elapsed(progress) : TimeSpan.Zero;

    // A transition that no longer fits what is committed by now gives null: the next look sees what has happened.
    private Task<bool> CommitAsync(ReleaseMonitor monitor, Func<StateChange, ReleaseState, StateChange?> transition) => state.CommitAsync(committed =>
        ReleaseTransitions.Running(committed.State, monitor.ReleaseId) is { } release && IsWatchedBy(monitor, release) && transition(committed.Change(), release) is { } change
            ? new Decision<bool>(change, true)
            : new Decision<bool>(null, false));

    [LoggerMessage(4601, LogLevel.Error, "The bake of release {Release} has failed, {Service}: {Reason}. It is taken back by release {Rollback}.")]
    private static partial void LogFailed(ILogger logger, string release, string service, string reason, string rollback);

    [LoggerMessage(4606, LogLevel.Error, "The shift of release {Release} is taken back, {Service}: {Reason}.")]
    private static partial void LogReverted(ILogger logger, string release, string service, string reason);

    [LoggerMessage(4602, LogLevel.Critical, "The bake of release {Release} is held ({Hold}): {Detail}")]
    private static partial void LogHeld(ILogger logger, string release, string hold, string detail);

    [LoggerMessage(4603, LogLevel.Error, "What the bake of release {Release} has found could not be stored and is tried again: {Error}")]
    private static partial void LogNotStored(ILogger logger, string release, string error);

    [LoggerMessage(4604, LogLevel.Critical, "Unexpected error while watching release {Release}; the watch continues.")]
    private static partial void LogDefect(ILogger logger, Exception exception, string release);
}

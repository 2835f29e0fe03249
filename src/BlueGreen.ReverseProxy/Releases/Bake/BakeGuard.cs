using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Releases.Running;
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
    BakeWatches watches,
    ReleaseEngine engine,
    SlotVerifier verifier,
    ReleaseProgresses progresses,
    ReleaseContext context,
    BackgroundLoops loops,
    TimeProvider time,
    ILogger<BakeGuard> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Between two looks at the least, so that a client that hammers does not keep a processor busy with judging.
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan FirstProgress = TimeSpan.FromSeconds(10);

    // What a crash loses of the time that has been counted, and of the figures.
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Outside the loop: when it is restarted, the watches that it has begun go on.
        var guarded = new List<Task>();
        await loops.RunAsync(
            "bake",
            subject: null,
            async stopping =>
            {
                await foreach (var watch in watches.Begun.ReadAllAsync(stopping))
                {
                    guarded.RemoveAll(task => task.IsCompleted);
                    guarded.Add(Task.Run(() => loops.RunAsync("bake", watch.ReleaseId, token => GuardAsync(watch, token), stopping), stopping));
                }
            },
            stoppingToken);
        await Task.WhenAll(guarded).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // The last resort of a watch is to look again: a bake that nobody watches would end as a success that nobody has seen.
    private async Task GuardAsync(BakeWatch watch, CancellationToken stopping)
    {
        var step = new WatchPace(time);
        while (!stopping.IsCancellationRequested && Watched(watch) is { } release)
        {
            Task? woken = watch.Arm();
            await step.SpaceAsync(Spacing, stopping);
            try
            {
                await LookAsync(watch, release, step, stopping);
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

            await WaitAsync(watch, release.Bake?.Hold is null ? woken : null, stopping);
        }
    }

    private ReleaseState? Watched(BakeWatch watch) =>
        ReleaseTransitions.Running(state.Current, watch.ReleaseId) is { Status: ReleaseStatus.Draining or ReleaseStatus.Baking, BakeSeconds: > 0 } release ? release : null;

    // A second, or until something bad is answered, or until the release has ended.
    private async Task WaitAsync(BakeWatch watch, Task? woken, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var ended = state.WaitUntilAsync(_ => Watched(watch) is null, over.Token);
        var second = Task.Delay(Interval, time, over.Token);
        await Task.WhenAny(woken is null ? [ended, second] : [ended, second, woken]);
        await over.CancelAsync();
        await Task.WhenAll(ended, second).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task LookAsync(BakeWatch watch, ReleaseState release, WatchPace step, CancellationToken stopping)
    {
        watch.KeepOnly(release);
        var finding = watch.Judge();
        switch (release.Bake?.Hold)
        {
            case BakeHolds.SharedOutage:
                await AwaitRecoveryAsync(watch, release, step, stopping);
                return;
            case not null:
                return;
        }

        if (finding is not null)
        {
            await ActAsync(watch, release, finding, step, stopping);
        }
        else if (step.IsProgressDue(FirstProgress))
        {
            await CommitAsync(watch, (current, running) => BakeTransitions.Progressed(current, running, watch.Figures, Elapsed(watch), time.GetUtcNow()));
        }
        else if (step.IsCheckpointDue(CheckpointInterval))
        {
            await CommitAsync(watch, (current, running) => BakeTransitions.Checkpoint(current, running, watch.Figures, Elapsed(watch)));
        }
    }

    private async Task ActAsync(BakeWatch watch, ReleaseState release, BakeFinding finding, WatchPace step, CancellationToken stopping)
    {
        if (BakeTransitions.IsWhollyBeingRolledBack(state.Current, release))
        {
            return;
        }

        if (finding.Action == BakeFailureAction.Hold)
        {
            await HoldAsync(watch, BakeHolds.Failed, $"{finding.Service}: {finding.Reason}", step);
            return;
        }

        // Back to a slot that is sick as well helps nobody.
        if (await WhyNotHealthyAsync(release, stopping) is { } sick)
        {
            await HoldAsync(watch, BakeHolds.SharedOutage, $"{finding.Service}: {finding.Reason}; not rolled back, for {sick}", step);
            return;
        }

        var outcome = await engine.RollBackBakeAsync(watch.ReleaseId, $"{finding.Service}: {finding.Reason}");
        if (outcome?.Refused is { } refusal)
        {
            await HoldAsync(watch, BakeHolds.NoWayBack, $"{finding.Service}: {finding.Reason}; not rolled back: {refusal.Detail}", step);
        }
        else if ((outcome?.Started ?? outcome?.Existing) is { } rollback)
        {
            LogFailed(logger, watch.ReleaseId, finding.Service, finding.Reason, rollback.Id);
            await state.WaitForAsync(committed => committed.Find(rollback.Id) is not { } running || running.Status.IsEnded() || Watched(watch) is null, stopping);
            if (state.Find(rollback.Id) is { Status: ReleaseStatus.Rejected, Detail: var why })
            {
                // It was healthy a moment ago and failed the rollback's own gate.
                await HoldAsync(watch, BakeHolds.SharedOutage, $"{finding.Service}: {finding.Reason}; not rolled back: {why}", step);
            }
        }
    }

    private async Task<string?> WhyNotHealthyAsync(ReleaseState release, CancellationToken stopping)
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

    private async Task HoldAsync(BakeWatch watch, string hold, string detail, WatchPace step)
    {
        step.HeldSince = time.GetTimestamp();
        if (await CommitAsync(watch, (current, running) => BakeTransitions.Held(current, running, hold, detail, watch.Figures, time.GetUtcNow())))
        {
            LogHeld(logger, watch.ReleaseId, hold, detail);
        }
    }

    // What was counted in the outage speaks of the outage: the judgement begins again, with the whole of the time that was lost.
    private async Task AwaitRecoveryAsync(BakeWatch watch, ReleaseState release, WatchPace step, CancellationToken stopping)
    {
        step.HeldSince ??= time.GetTimestamp();
        if (await WhyNotHealthyAsync(release, stopping) is not null)
        {
            return;
        }

        var held = time.GetElapsedTime(step.HeldSince.Value);
        step.HeldSince = null;
        watch.Restart();
        await CommitAsync(watch, (current, running) => BakeTransitions.Resumed(
            current, running, "the old slot is healthy again; the judgement begins anew", held, time.GetUtcNow()));
    }

    private TimeSpan Elapsed(BakeWatch watch) => progresses.Find(watch.ReleaseId) is { } progress ? context.Elapsed(progress) : TimeSpan.Zero;

    private Task<bool> CommitAsync(BakeWatch watch, Func<StateChange, ReleaseState, StateChange> transition) => state.CommitAsync(committed =>
        ReleaseTransitions.Running(committed.State, watch.ReleaseId) is { Status: ReleaseStatus.Draining or ReleaseStatus.Baking, BakeSeconds: > 0 } release
            ? new Decision<bool>(transition(committed.Change(), release), true)
            : new Decision<bool>(null, false));

    [LoggerMessage(4601, LogLevel.Error, "The bake of release {Release} has failed, {Service}: {Reason}. It is taken back by release {Rollback}.")]
    private static partial void LogFailed(ILogger logger, string release, string service, string reason, string rollback);

    [LoggerMessage(4602, LogLevel.Critical, "The bake of release {Release} is held ({Hold}): {Detail}")]
    private static partial void LogHeld(ILogger logger, string release, string hold, string detail);

    [LoggerMessage(4603, LogLevel.Error, "What the bake of release {Release} has found could not be stored and is tried again: {Error}")]
    private static partial void LogNotStored(ILogger logger, string release, string error);

    [LoggerMessage(4604, LogLevel.Critical, "The watch over release {Release} has met a defect and goes on.")]
    private static partial void LogDefect(ILogger logger, Exception exception, string release);
}

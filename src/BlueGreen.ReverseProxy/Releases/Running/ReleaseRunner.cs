using System.Collections.Concurrent;
using System.Collections.Frozen;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Takes every running release through its steps, whether this process has started it or the last one has left it.</summary>
internal sealed partial class ReleaseRunner(
    ReleaseContext context,
    ReleaseProgresses progresses,
    BakeMonitors monitors,
    VerifyStep verify,
    ApprovalStep approval,
    ShiftingStep shift,
    RevertStep revert,
    HoldStep hold,
    DrainStep drain,
    BakeStep bake,
    ConfirmingStep confirming,
    ILogger<ReleaseRunner> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Task> _runs = new(StringComparer.Ordinal);
    private readonly FrozenDictionary<ReleaseStatus, IReleaseStep> _steps = new Dictionary<ReleaseStatus, IReleaseStep>
    {
        [ReleaseStatus.Verifying] = verify,
        [ReleaseStatus.AwaitingApproval] = approval,
        [ReleaseStatus.Shifting] = shift,
        [ReleaseStatus.Reverting] = revert,
        [ReleaseStatus.Holding] = hold,
        [ReleaseStatus.Draining] = drain,
        [ReleaseStatus.Baking] = bake,
        [ReleaseStatus.Confirming] = confirming,
    }.ToFrozenDictionary();

    private Task _following = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A release outlives the request that asked for it, and is no part of its log scope or trace.
        using (ExecutionContext.SuppressFlow())
        {
            _following = Task.Run(FollowAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _following.WaitAsync(cancellationToken);
        await Task.WhenAll(_runs.Values).WaitAsync(cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>What is known of a release beside the state; null once it has ended.</summary>
    public ReleaseProgress? ProgressOf(string releaseId) => progresses.Find(releaseId);

    private async Task FollowAsync()
    {
        try
        {
            while (true)
            {
                foreach (var release in context.State.Current.Running)
                {
                    _ = _runs.GetOrAdd(release.Id, id => Task.Run(() => RunToEndAsync(id), CancellationToken.None));
                }

                await context.State.WaitUntilAsync(state => state.Running.Exists(release => !_runs.ContainsKey(release.Id)), _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // What runs stands in the state; the next process takes it up.
        }
    }

    private async Task RunToEndAsync(string id)
    {
        try
        {
            await RunAsync(id, progresses.Begin(id));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The gateway stops; the next process takes the release up from its committed state.
        }
#pragma warning disable CA1031 // The last resort of a task that nobody awaits before the gateway stops.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogDefect(logger, exception, id);
            await EndAfterDefectAsync(id, exception);
        }
        finally
        {
            progresses.End(id);
            if (!_stop.IsCancellationRequested)
            {
                _runs.TryRemove(id, out _);
            }
        }
    }

    private async Task RunAsync(string id, ReleaseProgress progress)
    {
        while (ReleaseTransitions.Running(context.State.Current, id) is { } release)
        {
            _stop.Token.ThrowIfCancellationRequested();
            if (release.Open.Where(entry => !context.IsConfigured(entry.Name)).Select(entry => entry.Name).ToList() is { Count: > 0 } removed)
            {
                await context.CommitAsync(id, release.Status, (change, current) => ReleaseTransitions.Remove(change, current, removed, context.Now), _stop.Token);
                continue;
            }

            TakeUpShift(release, progress);
            TakeUpSwitch(release, progress);
            TakeUpExit(release, progress);
            await _steps[release.Status].RunAsync(release, progress, _stop.Token);
        }
    }

    // Another process has begun it, or this one a moment ago.
    private void TakeUpShift(ReleaseState release, ReleaseProgress progress)
    {
        if (release.Status != ReleaseStatus.Shifting)
        {
            return;
        }

        if (!progress.HasShifted)
        {
            // Nothing where this process has begun it; what it finds from now on is on top of that.
            progress.SpentBefore = release.Shift!.Spent;
            progress.HasShifted = true;
        }

        if (progress.Weight != release.Shift!.Weight)
        {
            progress.Weight = release.Shift.Weight;
            foreach (var entry in release.Open)
            {
                context.Entry(entry.Name).WatchOf(release.Id, release.Shift.Key).BeginStep();
            }
        }

        if (progress.Bake is null)
        {
            progress.Bake = monitors.Prepare(release, sinceSwitch: TimeSpan.Zero);
            monitors.Watch(progress.Bake);
        }
    }

    // Another process has switched it: its connections ended with it, and what it had measured is in the state. Or the last step of a shift
    // has, or somebody who has promoted it: then this process has seen the old slots, and watches what is left of their work.
    private void TakeUpSwitch(ReleaseState release, ReleaseProgress progress)
    {
        if (release.SwitchedAt is null || progress.Switch is not null)
        {
            return;
        }

        progress.Bake?.End();
        progress.Switch = SwitchClock.Of(release, context.OldSlots(release), isOwn: progress.HasShifted, context.Time);
        progress.Bake = monitors.Prepare(release, context.Elapsed(progress));
        monitors.Start(release, progress.Bake);
    }

    // The old slots have served again while the bake was confirmed: what is in flight there now is waited for as after the switch.
    private void TakeUpExit(ReleaseState release, ReleaseProgress progress)
    {
        if (release.Status == ReleaseStatus.Draining && progress.LeftAt != release.LeftAt)
        {
            progress.LeftAt = release.LeftAt;
            progress.Drain = SwitchClock.Of(release with { ElapsedSeconds = 0 }, context.OldSlots(release), isOwn: true, context.Time);
        }
    }

    // A release that nobody takes through its steps any more would be in the way of the next one for ever.
    private async Task EndAfterDefectAsync(string id, Exception exception)
    {
        try
        {
            await context.DecideAsync(
                id,
                otherwise: false,
                (change, release) => new Decision<bool>(
                    release.SwitchedAt is null
                        ? ReleaseTransitions.End(change, release, ReleaseStatus.Failed, $"{exception.Message} (nothing was switched)", context.Now)
                        : ReleaseTransitions.End(change, release, ReleaseStatus.Abandoned, $"{exception.Message} (the switch stays, nobody watched its end)", context.Now),
                    true),
                _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The gateway stops; the next process ends it.
        }
    }

    [LoggerMessage(4004, LogLevel.Critical, "Release {Release} was stopped by a defect of the gateway.")]
    private static partial void LogDefect(ILogger logger, Exception exception, string release);
}

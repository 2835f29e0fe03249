using System.Collections.Concurrent;
using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.InFlight;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>
/// Takes each running release through its steps. A step looks at the committed status, waits for what that status waits for, and
/// commits the next one in a decision that checks the status again: whatever a caller has changed meanwhile wins.
/// </summary>
internal sealed partial class ReleaseRunner : IHostedService, IDisposable
{
    private static readonly TimeSpan LongestStoreRetry = TimeSpan.FromSeconds(5);

    // A bake whose time is over and which may not end yet: somebody is to decide, or a rollback runs.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private const double LongestBakeSeconds = 7 * 24 * 3600;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, ReleaseProgress> _progress = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _runs = new(StringComparer.Ordinal);
    private readonly CommittedState _state;
    private readonly ServiceCatalog _services;
    private readonly GateEvaluator _gates;
    private readonly PreSwitchHooks _hooks;
    private readonly BakeWatches _bakes;
    private readonly TimeProvider _time;
    private readonly ILogger<ReleaseRunner> _logger;
    private readonly ResiliencePipeline _untilStored;

    public ReleaseRunner(CommittedState state, ServiceCatalog services, GateEvaluator gates, PreSwitchHooks hooks, BakeWatches bakes, TimeProvider time, ILogger<ReleaseRunner> logger)
    {
        _state = state;
        _services = services;
        _gates = gates;
        _hooks = hooks;
        _bakes = bakes;
        _time = time;
        _logger = logger;
        _untilStored = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<StateUnavailableException>(),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = LongestStoreRetry,
                OnRetry = retry =>
                {
                    LogStoreRetry(_logger, retry.Outcome.Exception?.Message ?? "", retry.RetryDelay.TotalSeconds);
                    return default;
                },
            })
            .Build();
    }

    /// <summary>Takes up the releases that the last process left running.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var release in _state.Loaded.Running)
        {
            Start(release.Id, leftAt: release.Status);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_runs.Values).WaitAsync(cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

    public void Start(string releaseId) => Start(releaseId, leftAt: null);

    /// <summary>What is known beside the state; null once the release has ended.</summary>
    public ReleaseProgress? ProgressOf(string releaseId) => _progress.GetValueOrDefault(releaseId);

    private void Start(string releaseId, ReleaseStatus? leftAt)
    {
        _progress[releaseId] = new ReleaseProgress();

        // The release outlives the request that asked for it, and is no part of its log scope or trace.
        using (ExecutionContext.SuppressFlow())
        {
            _runs[releaseId] = Task.Run(() => RunToEndAsync(releaseId, leftAt));
        }
    }

    private async Task RunToEndAsync(string id, ReleaseStatus? leftAt)
    {
        try
        {
            await RunAsync(id, leftAt);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The gateway stops; the next process takes the release up from its committed state.
        }
#pragma warning disable CA1031 // The last resort of a task that nobody awaits before the gateway stops.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogDefect(_logger, exception, id);
            await EndAfterDefectAsync(id, exception);
        }
        finally
        {
            if (_progress.TryRemove(id, out var progress))
            {
                progress.Bake?.End();
            }

            _runs.TryRemove(id, out _);
        }
    }

    private async Task RunAsync(string id, ReleaseStatus? leftAt)
    {
        if (leftAt is { } status)
        {
            await ResumeAsync(id, status);
        }

        while (ReleaseTransitions.Running(_state.Current, id) is { } release)
        {
            switch (release.Status)
            {
                case ReleaseStatus.Verifying:
                    await VerifyAsync(release);
                    break;
                case ReleaseStatus.AwaitingApproval:
                    await AwaitApprovalAsync(release);
                    break;
                case ReleaseStatus.Draining:
                    await DrainAsync(release);
                    break;
                default:
                    await BakeAsync(release);
                    break;
            }
        }
    }

    // What the last process had measured is gone with it, and what it drained is too: its connections ended when it did.
    private async Task ResumeAsync(string id, ReleaseStatus leftAt)
    {
        if (leftAt == ReleaseStatus.Verifying)
        {
            await CommitUntilStoredAsync(id, ReleaseStatus.Verifying, (state, release) =>
                ReleaseTransitions.End(state, release, ReleaseStatus.Failed, "the gateway stopped during the verification; nothing was switched", _time.GetUtcNow()));
        }

        if (ReleaseTransitions.Running(_state.Current, id) is { SwitchedAt: { } switchedAt } switched)
        {
            var progress = _progress[id];
            progress.Switch = new SwitchPoint(Backdated(switchedAt), switched.DrainStartedWith, Signals: []);
            progress.Bake = _bakes.Begin(switched, _time.GetElapsedTime(progress.Switch.At));
        }
    }

    // The monotonic clock of the last process can't be read on. The time of day stands in, held to what is possible: a clock that
    // was set back does not make the time left longer than the whole.
    private long Backdated(DateTimeOffset since)
    {
        var elapsed = _time.GetUtcNow() - since;
        return _time.GetTimestamp() - (long)((elapsed < TimeSpan.Zero ? TimeSpan.Zero : elapsed).TotalSeconds * _time.TimestampFrequency);
    }

    private async Task VerifyAsync(ReleaseState release)
    {
        var plan = new GatePlan(
            release.Kind,
            release.Force,
            release.ExpectVersion,
            [.. release.Services.Select(entry => GateTargets.Of(_state.Current, Entry(entry.Name), entry.To))]);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var left = LeftAsync(release.Id, ReleaseStatus.Verifying, over.Token);
        var evaluation = EvaluateAsync(release, plan, over.Token);
        var first = await Task.WhenAny(left, evaluation);
        if (first == left)
        {
            await over.CancelAsync();
            await QuietlyAsync(evaluation);
            _stop.Token.ThrowIfCancellationRequested();
            return;
        }

        var gates = await evaluation;
        await over.CancelAsync();
        await QuietlyAsync(left);
        await DecideOnGatesAsync(release.Id, gates);
    }

    private async Task<ImmutableList<GateResult>> EvaluateAsync(ReleaseState release, GatePlan plan, CancellationToken cancellationToken)
    {
        var progress = _progress[release.Id];
        progress.BeginJudging();
        var gates = await _gates.EvaluateAsync(plan, progress.Judge, cancellationToken);
        if (release.Force)
        {
            return gates.AddRange(_hooks.Name(release.Kind, [.. release.Services.Select(service => service.Name)], GateStatus.Skipped, "forced"));
        }

        // A hook may run tests for an hour; it is not asked about a release that fails anyway.
        return gates.Exists(gate => gate.Status == GateStatus.Failed) ? gates : gates.AddRange(await _hooks.CallAsync(release, progress.Judge, cancellationToken));
    }

    // Nobody's approval is no approval: a release that was forgotten must not be in the way for ever, nor switch a week later.
    private async Task AwaitApprovalAsync(ReleaseState release)
    {
        var limit = release.Services.Min(entry => Entry(entry.Name).Options.ApprovalTimeout);
        var progress = _progress[release.Id];
        progress.AwaitingSince ??= Backdated(release.AwaitingSince ?? release.CreatedAt);
        var elapsed = _time.GetElapsedTime(progress.AwaitingSince.Value);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var left = LeftAsync(release.Id, ReleaseStatus.AwaitingApproval, over.Token);
        var end = Task.Delay(limit > elapsed ? limit - elapsed : TimeSpan.Zero, _time, over.Token);
        var first = await Task.WhenAny(left, end);
        await over.CancelAsync();
        await QuietlyAsync(Task.WhenAll(left, end));
        _stop.Token.ThrowIfCancellationRequested();
        if (first == end)
        {
            await CommitUntilStoredAsync(release.Id, ReleaseStatus.AwaitingApproval, (state, current) =>
                ReleaseTransitions.End(state, current, ReleaseStatus.Aborted, $"nobody approved within {limit}; nothing was switched", _time.GetUtcNow()));
        }
    }

    private async Task DecideOnGatesAsync(string id, ImmutableList<GateResult> gates)
    {
        var progress = _progress[id];
        try
        {
            await _state.CommitAsync(state =>
            {
                if (ReleaseTransitions.Running(state, id) is not { Status: ReleaseStatus.Verifying } release)
                {
                    return new Decision<bool>(null, false);
                }

                var failed = gates.Exists(gate => gate.Status == GateStatus.Failed);
                var next = failed
                    ? ReleaseTransitions.Reject(state, release, gates, _time.GetUtcNow())
                    : ReleaseTransitions.Pass(state, release, gates, See(release), _time.GetUtcNow());
                var switched = ReleaseTransitions.Running(next, id);
                return new Decision<bool>(next, true, switched?.Status == ReleaseStatus.Draining ? () => TakeSwitch(switched, progress) : null);
            });
        }
        catch (StateUnavailableException exception)
        {
            progress.FailToStore(exception);
            await CommitUntilStoredAsync(id, ReleaseStatus.Verifying, (state, release) =>
                ReleaseTransitions.End(state, release, ReleaseStatus.Failed, $"the switch could not be stored; nothing was switched: {exception.Message}", _time.GetUtcNow()));
        }
    }

    private SwitchSighting See(ReleaseState release) => new(
        OldSlots(release).Sum(slot => slot.InFlight.Count),
        Versions(release, entry => entry.From),
        Versions(release, entry => entry.To))
    {
        Bake = _bakes.Freeze(release),
        Watched = _progress
            .Where(other => other.Key != release.Id && other.Value.Bake is not null)
            .ToImmutableDictionary(other => other.Key, other => other.Value.Bake!.Figures),
    };

    private ImmutableSortedDictionary<string, string> Versions(ReleaseState release, Func<ReleasedService, SlotName> slot) => release.Services
        .Select(entry => (entry.Name, Entry(entry.Name)[slot(entry)].Version))
        .Where(entry => entry.Version is not null)
        .ToImmutableSortedDictionary(entry => entry.Name, entry => entry.Version!, StringComparer.OrdinalIgnoreCase);

    // Runs right after the new table was published, before anything else is decided.
    private void TakeSwitch(ReleaseState release, ReleaseProgress progress)
    {
        var old = OldSlots(release).ToList();
        progress.Switch = new SwitchPoint(_time.GetTimestamp(), old.Sum(slot => slot.InFlight.Count), [.. old.Select(slot => slot.Drain)]);
        progress.Bake = _bakes.Begin(release, TimeSpan.Zero);
        foreach (var entry in release.Services)
        {
            LogSwitched(_logger, entry.Name, entry.From.ToText(), entry.To.ToText(), release.Id);
        }
    }

    private async Task DrainAsync(ReleaseState release)
    {
        var progress = _progress[release.Id];
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var left = LeftAsync(release.Id, ReleaseStatus.Draining, over.Token);
        var idle = Task.WhenAll(OldSlots(release).Select(slot => slot.InFlight.WhenIdleAsync(over.Token)));
        var leaving = Task.WhenAll(OldSlots(release).Select(slot => LeaveAsync(slot, progress, release.DrainSeconds, over.Token)));
        var deadline = Task.Delay(Left(progress, release.DrainSeconds), _time, over.Token);
        var first = await Task.WhenAny(idle, left, deadline);
        if (first == deadline && !_stop.IsCancellationRequested)
        {
            await CancelRemainingAsync(release);
            first = await Task.WhenAny(idle, left);
        }

        await over.CancelAsync();
        await QuietlyAsync(Task.WhenAll(idle, left, deadline, leaving));
        _stop.Token.ThrowIfCancellationRequested();
        if (first == idle)
        {
            await CommitUntilStoredAsync(release.Id, ReleaseStatus.Draining, (state, current) =>
            {
                var concluded = Left(progress, current.BakeSeconds) == TimeSpan.Zero ? Concluded(state, current) : null;
                return ReleaseTransitions.Drained(
                    state, concluded ?? current, progress.Switch?.StartedWith ?? current.DrainStartedWith, progress.Aborted, bakeIsOver: concluded is not null, _time.GetUtcNow());
            });
        }
    }

    private Task LeaveAsync(Slot slot, ReleaseProgress progress, double drainSeconds, CancellationToken cancellationToken) => LeaveSchedule
        .For(slot.LongLivedOptions, TimeSpan.FromSeconds(drainSeconds))
        .RunAsync(slot.LongLived, progress.Switch?.At ?? _time.GetTimestamp(), _time, cancellationToken);

    // The deadline can pass in the same moment in which a rollback makes the old slot active again. Decided under the one writer:
    // either the rollback came first and the release is no longer draining, or it comes second and gives the slot a new signal.
    private async Task CancelRemainingAsync(ReleaseState release)
    {
        var remaining = await _state.CommitAsync(state =>
        {
            if (ReleaseTransitions.Running(state, release.Id) is not { Status: ReleaseStatus.Draining })
            {
                return new Decision<long>(null, 0);
            }

            var slots = OldSlots(release).ToList();
            return new Decision<long>(null, slots.Sum(slot => slot.InFlight.Count), () => slots.ForEach(slot => slot.Drain.Raise()));
        });
        if (remaining > 0)
        {
            LogDeadline(_logger, release.Id, remaining);
        }
    }

    private async Task BakeAsync(ReleaseState release)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var changed = _state.WaitUntilAsync(
            state => ReleaseTransitions.Running(state, release.Id) is not { Status: ReleaseStatus.Baking } now || now.BakeSeconds != release.BakeSeconds,
            over.Token);
        var end = Task.Delay(Left(_progress[release.Id], release.BakeSeconds), _time, over.Token);
        var first = await Task.WhenAny(changed, end);
        await over.CancelAsync();
        await QuietlyAsync(Task.WhenAll(changed, end));
        _stop.Token.ThrowIfCancellationRequested();
        if (first == end && !await EndBakeAsync(release.Id))
        {
            await Task.Delay(LookAgain, _time, _stop.Token);
        }
    }

    // False while it may not end yet.
    private async Task<bool> EndBakeAsync(string id)
    {
        var watch = _progress[id].Bake;
        return await _untilStored.ExecuteAsync(
            async _ => await _state.CommitAsync(state =>
            {
                if (ReleaseTransitions.Running(state, id) is not { Status: ReleaseStatus.Baking } release
                    || Left(_progress[id], release.BakeSeconds) > TimeSpan.Zero)
                {
                    return new Decision<bool>(null, true);
                }

                if (Concluded(state, release) is { } concluded)
                {
                    return new Decision<bool>(ReleaseTransitions.Succeed(state, concluded, _time.GetUtcNow()), true);
                }

                return watch is { IsWithoutData: true, NoData: NoDataAction.Extend } && release.Bake!.Hold is null
                    ? new Decision<bool>(ReleaseBakes.Extended(state, release, _time.GetUtcNow()), true)
                    : new Decision<bool>(null, false);
            }),
            _stop.Token);
    }

    // With what the bake has found; null while it may not end: a rollback of it runs, somebody is to decide, or it has just failed.
    // Decided under the one writer, so a bake that fails in its last moment does not succeed before its rollback has switched.
    private ReleaseState? Concluded(GatewayState state, ReleaseState release)
    {
        if (release.Bake is not { } bake || _progress[release.Id].Bake is not { } watch || release.BakeSeconds <= 0)
        {
            return release;
        }

        if (bake.Hold is not null || ReleaseBakes.IsBeingRolledBack(state, release) || watch.Judge() is not null)
        {
            return null;
        }

        if (watch.IsWithoutData && watch.NoData != NoDataAction.Succeed)
        {
            if (watch.NoData == NoDataAction.Rollback)
            {
                watch.DemandRollback();
                return null;
            }

            if (release.BakeSeconds < LongestBakeSeconds)
            {
                return null;
            }
        }

        return release with { Bake = watch.Conclude(bake) };
    }

    // After the switch a store that fails holds up the record, not the truth: the step is repeated until it is stored.
    private async Task CommitUntilStoredAsync(string id, ReleaseStatus expected, Func<GatewayState, ReleaseState, GatewayState> transition) =>
        await _untilStored.ExecuteAsync(
            async _ => await _state.CommitAsync(state =>
                ReleaseTransitions.Running(state, id) is { } release && release.Status == expected
                    ? new Decision<bool>(transition(state, release), true)
                    : new Decision<bool>(null, false)),
            _stop.Token);

    // A release that nobody takes through its steps any more would be in the way of the next one for ever.
    private async Task EndAfterDefectAsync(string id, Exception exception)
    {
        try
        {
            await _untilStored.ExecuteAsync(
                async _ => await _state.CommitAsync(state =>
                {
                    if (ReleaseTransitions.Running(state, id) is not { } release)
                    {
                        return new Decision<bool>(null, false);
                    }

                    var switched = release.SwitchedAt is null ? "nothing was switched" : "the switch stays, nobody watched its end";
                    return new(ReleaseTransitions.End(state, release, ReleaseStatus.Failed, $"{exception.Message} ({switched})", _time.GetUtcNow()), true);
                }),
                _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The gateway stops; the next process ends it.
        }
    }

    private Task LeftAsync(string id, ReleaseStatus status, CancellationToken cancellationToken) =>
        _state.WaitUntilAsync(state => ReleaseTransitions.Running(state, id)?.Status != status, cancellationToken);

    private IEnumerable<Slot> OldSlots(ReleaseState release) => release.Services.Select(entry => Entry(entry.Name)[entry.From]);

    private ServiceEntry Entry(string service) =>
        _services.TryGet(service, out var entry) ? entry : throw new InvalidOperationException($"Service {service} is no longer configured.");

    private TimeSpan Left(ReleaseProgress progress, double seconds)
    {
        var left = TimeSpan.FromSeconds(seconds) - _time.GetElapsedTime(progress.Switch?.At ?? _time.GetTimestamp());
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    // Waits for what was cancelled, so that nothing runs on behind the step.
    private static async Task QuietlyAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(4001, LogLevel.Information, "Switched {Service} from {From} to {To} by release {Release}.")]
    private static partial void LogSwitched(ILogger logger, string service, string from, string to, string release);

    [LoggerMessage(4002, LogLevel.Warning, "The drain deadline of release {Release} has passed: {Remaining} requests are cancelled.")]
    private static partial void LogDeadline(ILogger logger, string release, long remaining);

    [LoggerMessage(4003, LogLevel.Error, "{Error} The next try is in {Seconds:0.0} s.")]
    private static partial void LogStoreRetry(ILogger logger, string error, double seconds);

    [LoggerMessage(4004, LogLevel.Critical, "Release {Release} was stopped by a defect of the gateway.")]
    private static partial void LogDefect(ILogger logger, Exception exception, string release);
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Calls the decommission hooks for a standby that is no longer needed: one loop per service.</summary>
/// <remarks>
/// Whether it is due is decided under the one writer, on the state of that moment: a rollback, a new release or a new deployment
/// that came first has cleared <see cref="ServiceState.StandbySince"/> or runs, and one that comes later finds the call made.
/// </remarks>
internal sealed partial class Decommissioner(
    CurrentOptions options, CommittedState state, ServiceCatalog services, BackgroundLoops loops, TimeProvider time, ILogger<Decommissioner> logger) : BackgroundService
{
    // What is in the way (a release, a request that still runs, a store that fails) takes its time; looking again costs little.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    // How much of the counted time a crash loses, at most.
    private static readonly TimeSpan LongestCheckpoint = TimeSpan.FromMinutes(10);
    private const int Checkpoints = 20;

    /// <summary>When the standby's hooks are due; null while they can't be.</summary>
    public static DateTimeOffset? DueAt(ServiceState service, ServiceOptions options) =>
        service is { StandbySince: { } since, DecommissionedAt: null, RolledBack: false } ? since + options.DecommissionAfter : null;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        new LoopSet<Watched>("decommission", watched => watched.Service.Name, watched => token => WatchAsync(watched.Service, token), loops)
            .FollowAsync(() => services.All.Select(service => new Watched(service, service.Options.DecommissionAfter)), () => services.NextChange, stoppingToken);

    private async Task WatchAsync(Service service, CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await state.WaitUntilAsync(current => DueAt(current.Services[service.Name], service.Options) is not null, stopping);
                await WaitAndCallAsync(service, state[service].StandbySince, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The next process reads from the state how long it has been.
        }
    }

    private async Task WaitAndCallAsync(Service service, DateTimeOffset? since, CancellationToken stopping)
    {
        if (since is null)
        {
            return;
        }

        // Only time that a gateway has counted on its monotonic clock is idle time: whoever sets the clock tears down nothing.
        var known = state[service];
        var left = service.Options.DecommissionAfter - TimeSpan.FromSeconds(known.StandbySeconds);
        var step = Min(left, Min(service.Options.DecommissionAfter / Checkpoints, LongestCheckpoint));
        var begun = time.GetTimestamp();
        var first = left <= TimeSpan.Zero ? 1 : await Race.FirstAsync(
            stopping,
            token => state.WaitUntilAsync(current => current.Services[service.Name].StandbySince != since, token),
            token => Task.Delay(step, time, token));
        if (first == 0)
        {
            return;
        }

        if (left > step)
        {
            await CommitAsync(service, committed => Count(committed, service, since.Value, time.GetElapsedTime(begun)), stopping);
        }
        else if (await CommitAsync(service, committed => Decide(committed, service, since.Value), stopping))
        {
            LogDue(logger, service.Name, service.Options.DecommissionAfter);
        }
        else
        {
            await Task.Delay(PollInterval, time, stopping);
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private async Task<bool> CommitAsync(Service service, Func<Committed, Decision<bool>> decide, CancellationToken stopping)
    {
        try
        {
            return await state.CommitAsync(decide, stopping);
        }
        catch (StateUnavailableException exception)
        {
            LogNotStored(logger, service.Name, exception.Message);
            return false;
        }
    }

    private static Decision<bool> Count(Committed committed, Service service, DateTimeOffset since, TimeSpan elapsed)
    {
        var known = committed.State.Services[service.Name];
        return known.StandbySince == since
            ? new(committed.Change().WithService(service.Name, known with { StandbySeconds = known.StandbySeconds + elapsed.TotalSeconds }), true)
            : new(null, false);
    }

    private Decision<bool> Decide(Committed committed, Service service, DateTimeOffset since)
    {
        var known = committed.State.Services[service.Name];
        var standby = known.Active.Other();
        if (known.StandbySince != since
            || known.DecommissionedAt is not null
            || known.LastRelease is not { } id
            || committed.State.Running.Exists(release => release.Holds(service.Name))
            || service[standby].InFlight.Count > 0)
        {
            return new(null, false);
        }

        var now = time.GetUtcNow();
        var change = committed.Change().WithService(service.Name, known with { DecommissionedAt = now });
        var number = committed.State.LastEvent + 1;
        change = change with
        {
            State = change.State with { LastEvent = number },
            Events = change.Events.Add(new EventRecord(number, now, "decommissionDue", id, [service.Name], $"{service.Name}: {standby.ToText()} may be taken down")),
            Enqueued = [.. HookOutbox.ForDecommission(options.Value.Hooks, number, id, service.Name, standby, known.Generation, now)],
        };
        return new(
            change.WithAudit(
                now, Caller.Gateway, "decommission", "done", [service.Name], id, force: false, reason: null, $"{standby.ToText()} may be taken down"),
            true);
    }

    // With the time as a part of it: another time is another wait.
    private sealed record Watched(Service Service, TimeSpan After);

    [LoggerMessage(4302, LogLevel.Error, "The decommission of {Service}'s standby is due and could not be stored: {Error}")]
    private static partial void LogNotStored(ILogger logger, string service, string error);

    [LoggerMessage(4301, LogLevel.Information, "The standby of {Service} has not been needed for {After}: its decommission hooks are called.")]
    private static partial void LogDue(ILogger logger, string service, TimeSpan after);
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Calls the decommission hooks for a standby that is no longer needed: one loop a service.</summary>
/// <remarks>
/// Whether it is due is decided under the one writer, on the state of that moment: a rollback, a new release or a new deployment
/// that came first has cleared <see cref="ServiceState.StandbySince"/> or runs, and one that comes later finds the call made.
/// </remarks>
internal sealed partial class Decommissioner(
    BlueGreenOptions options, CommittedState state, ServiceCatalog services, BackgroundLoops loops, TimeProvider time, ILogger<Decommissioner> logger) : BackgroundService
{
    // What is in the way (a release, a request that still runs, a store that fails) takes its time; looking again costs little.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <summary>When the standby's hooks are due; null while they can't be.</summary>
    public static DateTimeOffset? DueAt(ServiceState service, ServiceOptions options) =>
        service is { StandbySince: { } since, DecommissionedAt: null, RolledBack: false } ? since + options.DecommissionAfter : null;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(services.All.Select(service =>
            Task.Run(() => loops.RunAsync("decommission", service.Name, token => WatchAsync(service, token), stoppingToken), stoppingToken)));

    private async Task WatchAsync(ServiceEntry service, CancellationToken stopping)
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

    private async Task WaitAndCallAsync(ServiceEntry service, DateTimeOffset? since, CancellationToken stopping)
    {
        if (since is null)
        {
            return;
        }

        // The time of day is read once, for what has passed before this process looked; from here on the clock is monotonic.
        var elapsed = time.GetUtcNow() - since.Value;
        var left = service.Options.DecommissionAfter - (elapsed > TimeSpan.Zero ? elapsed : TimeSpan.Zero);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var changed = state.WaitUntilAsync(current => current.Services[service.Name].StandbySince != since, over.Token);
        var due = WaitAsync(left, over.Token);
        var first = await Task.WhenAny(changed, due);
        if (first == due)
        {
            await due;
            await CallAsync(service, since.Value, stopping);
        }

        await over.CancelAsync();
        await Task.WhenAll(changed, due).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.ThrowIfCancellationRequested();
    }

    // A timer takes at most some 49 days.
    private async Task WaitAsync(TimeSpan left, CancellationToken cancellationToken)
    {
        var longest = TimeSpan.FromDays(30);
        for (; left > longest; left -= longest)
        {
            await Task.Delay(longest, time, cancellationToken);
        }

        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
    }

    private async Task CallAsync(ServiceEntry service, DateTimeOffset since, CancellationToken stopping)
    {
        try
        {
            if (await state.CommitAsync(current => Decide(current, service, since)))
            {
                LogDue(logger, service.Name, service.Options.DecommissionAfter);
                return;
            }
        }
        catch (StateUnavailableException exception)
        {
            LogNotStored(logger, service.Name, exception.Message);
        }

        await Task.Delay(LookAgain, time, stopping);
    }

    private Decision<bool> Decide(GatewayState current, ServiceEntry service, DateTimeOffset since)
    {
        var known = current.Services[service.Name];
        var standby = known.Active.Other();
        if (known.StandbySince != since
            || known.DecommissionedAt is not null
            || known.LastRelease is not { } id
            || current.Running.Exists(release => release.Concerns(service.Name))
            || service[standby].InFlight.Count > 0
            || state.Find(id) is not { } release)
        {
            return new(null, false);
        }

        var now = time.GetUtcNow();
        var next = current with
        {
            LastEvent = current.LastEvent + 1,
            Services = current.Services.SetItem(service.Name, known with { DecommissionedAt = now }),
        };
        next = next with { Outbox = next.Outbox.AddRange(HookOutbox.For(options.Hooks, HookEvent.Decommission, next.LastEvent, release, service.Name, now)) };
        return new(
            ReleaseAudit.Add(
                next, now, ReleaseAudit.Gateway, "decommission", "done", [service.Name], id, force: false, reason: null, $"{standby.ToText()} may be taken down"),
            true);
    }

    [LoggerMessage(4302, LogLevel.Error, "The decommission of {Service}'s standby is due and could not be stored: {Error}")]
    private static partial void LogNotStored(ILogger logger, string service, string error);

    [LoggerMessage(4301, LogLevel.Information, "The standby of {Service} has not been needed for {After}: its decommission hooks are called.")]
    private static partial void LogDue(ILogger logger, string service, TimeSpan after);
}

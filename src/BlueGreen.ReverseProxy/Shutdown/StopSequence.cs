using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.InFlight;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>
/// What happens between the signal to stop and the end of the server: the control path is given up at once, so that a successor can
/// have it; the listeners stay open for a while, so that nobody is refused; then everything in flight is drained.
/// </summary>
internal sealed partial class StopSequence(
    BlueGreenOptions options,
    CommittedState state,
    ReleaseRunner runner,
    BakeGuard bakes,
    HookDeliverer hooks,
    Decommissioner decommissioner,
    ServiceCatalog services,
    Listeners listeners,
    ServingMark mark,
    StopSignals signals,
    TimeProvider time,
    ILogger<StopSequence> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    // Connections that were on their way to this process when the port's traffic was turned to the other one.
    private static readonly TimeSpan EmptyQueue = TimeSpan.FromMilliseconds(500);

    // How long the control path may take to end what it is doing.
    private static readonly TimeSpan ControlPatience = TimeSpan.FromSeconds(5);

    // How long clients may take to close a connection that carries nothing any more.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    // How long the server's own stop may take after everything was cancelled.
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(5);

    /// <summary>The longest that the whole of it may take.</summary>
    public static TimeSpan LongestOf(ShutdownOptions options) => ControlPatience + options.Delay + options.Timeout + EmptyQueue + Farewell + Aftermath;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        mark.Set();
        signals.Listen();
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, signals.Again);
        await GiveUpControlAsync(cancellationToken);
        try
        {
            await WaitUntilNoticedAsync(over.Token);
            await CloseListenersAsync(over.Token);
            await DrainAsync(over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            LogHurried(logger);
            await listeners.CloseAsync(cancellationToken);
        }

        CancelRemaining();

        // What was just cancelled still has its answer to send.
        await listeners.EndConnectionsAsync(Farewell, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        mark.Remove();
        return Task.CompletedTask;
    }

    // Running releases stand in the state; whoever comes next takes them up. Traffic goes on as the last committed table says.
    private async Task GiveUpControlAsync(CancellationToken cancellationToken)
    {
        // A disk that hangs must not keep the traffic from being drained.
        using var patience = new CancellationTokenSource(ControlPatience, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await hooks.StopAsync(over.Token);
            await decommissioner.StopAsync(over.Token);
            await bakes.StopAsync(over.Token);
            await runner.StopAsync(over.Token);
            await state.RetireAsync(over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            LogControlHangs(logger, ControlPatience.TotalSeconds);
        }
    }

    private async Task WaitUntilNoticedAsync(CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        while (time.GetElapsedTime(since) is var elapsed && elapsed < options.Shutdown.Delay)
        {
            if (listeners.AreShared && mark.IsAnothers())
            {
                LogSuccessor(logger, elapsed.TotalSeconds);
                return;
            }

            var rest = options.Shutdown.Delay - elapsed;
            await Task.Delay(rest < Look ? rest : Look, time, cancellationToken);
        }
    }

    private async Task CloseListenersAsync(CancellationToken cancellationToken)
    {
        if (options.Listen.ReusePort && mark.IsAnothers())
        {
            listeners.Steer();
            await Task.Delay(EmptyQueue, time, cancellationToken);
        }

        await listeners.CloseAsync(cancellationToken);
        listeners.SayGoodbye();
        LogDraining(logger, listeners.Connections, Slots().Sum(slot => slot.InFlight.Count));
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var leaving = Task.WhenAll(Slots().Select(slot =>
            LeaveSchedule.ForStop(slot.LongLivedOptions, options.Shutdown.Timeout).RunAsync(slot.LongLived, since, time, over.Token)));
        try
        {
            while (time.GetElapsedTime(since) < options.Shutdown.Timeout && !IsDrained())
            {
                await Task.Delay(Look, time, cancellationToken);
            }
        }
        finally
        {
            await over.CancelAsync();
            await leaving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Idle connections of HTTP/1.1 get their time to be used once more and learn it by that.
    private bool IsDrained() => Slots().All(slot => slot.InFlight.Count == 0) && !listeners.AreInUse(options.Shutdown.IdleConnections);

    private void CancelRemaining()
    {
        var remaining = Slots().Sum(slot => slot.InFlight.Count);
        if (remaining > 0)
        {
            LogDeadline(logger, remaining);
        }

        foreach (var slot in Slots())
        {
            slot.Drain.Raise();
        }
    }

    private IEnumerable<Slot> Slots() => services.All.SelectMany(service => SlotNames.All.Select(slot => service[slot]));

    [LoggerMessage(6001, LogLevel.Information, "Another gateway serves the same port, after {Seconds:0.0} s; this one drains.")]
    private static partial void LogSuccessor(ILogger logger, double seconds);

    [LoggerMessage(6002, LogLevel.Information, "No longer listening. {Connections} connections and {InFlight} requests, streams and WebSockets are drained.")]
    private static partial void LogDraining(ILogger logger, int connections, long inFlight);

    [LoggerMessage(6003, LogLevel.Warning, "The time to stop is over: {Remaining} requests, streams and WebSockets are cancelled.")]
    private static partial void LogDeadline(ILogger logger, long remaining);

    [LoggerMessage(6005, LogLevel.Error, "The state could not be given up within {Seconds:0.0} s, for the disk does not answer: a successor has it only when this process has ended.")]
    private static partial void LogControlHangs(ILogger logger, double seconds);

    [LoggerMessage(6004, LogLevel.Warning, "Told to stop a second time: what is left is cancelled.")]
    private static partial void LogHurried(ILogger logger);
}

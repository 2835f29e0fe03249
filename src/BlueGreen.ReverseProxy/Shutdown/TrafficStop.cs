using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>How the traffic stops: the listeners stay open for a while, so that no client is refused; then everything in flight is drained.</summary>
internal sealed partial class TrafficStop(
    CurrentOptions options, ServiceCatalog services, MirrorRuns mirrors, Listeners listeners, ServingMark mark, TimeProvider time, ILogger<TrafficStop> logger)
{
    /// <summary>How long the kernel's queue may take to empty after new connections were sent to the other process.</summary>
    public static readonly TimeSpan AcceptQueueDrainTime = TimeSpan.FromMilliseconds(500);

    /// <summary>How long clients may take to close a connection that carries nothing any more.</summary>
    public static readonly TimeSpan ConnectionCloseTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public ImmutableArray<StopStep> Steps =>
    [
        new("wait until load balancers have noticed", WaitUntilNoticedAsync),
        new("send new connections to the successor", RedirectAsync),
        new("close the listeners", listeners.CloseAsync),
        new("tell clients of HTTP/2 to go elsewhere", SendGoAwayAsync),
        new("drain", DrainAsync),
        new("end the previews", EndPreviewsAsync),
    ];

    public ImmutableArray<StopStep> Rest =>
    [
        // Once more, for a second signal that came before, or a listener that failed to close.
        new("close the listeners that are left", listeners.CloseAsync),
        new("cancel the requests that are left", _ => CancelRemainingAsync()),

        // What was just cancelled still has its answer to send.
        new("close the connections that are left", token => listeners.EndConnectionsAsync(ConnectionCloseTimeout, token)),
    ];

    private async Task WaitUntilNoticedAsync(CancellationToken cancellationToken)
    {
        // The gateway that takes over mirrors nothing, and to compare only some of the requests is of no use.
        mirrors.EndAll("the gateway stopped");
        var since = time.GetTimestamp();
        while (time.GetElapsedTime(since) is var elapsed && elapsed < options.Value.Shutdown.Delay)
        {
            if (listeners.AreShared && await mark.IsAnothersAsync(cancellationToken))
            {
                LogSuccessor(logger, elapsed.TotalSeconds);
                return;
            }

            var rest = options.Value.Shutdown.Delay - elapsed;
            await Task.Delay(rest < PollInterval ? rest : PollInterval, time, cancellationToken);
        }
    }

    // Connections may be on their way to this process at the moment at which the port's traffic is redirected.
    private async Task RedirectAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Listen.ReusePort && await mark.IsAnothersAsync(cancellationToken))
        {
            listeners.RedirectNewConnections();
            await Task.Delay(AcceptQueueDrainTime, time, cancellationToken);
        }
    }

    private Task SendGoAwayAsync(CancellationToken cancellationToken)
    {
        listeners.SendGoAway();
        LogDraining(logger, listeners.Connections, InFlight());
        return Task.CompletedTask;
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        var limit = options.Value.Shutdown.Timeout;
        while (time.GetElapsedTime(since) < limit)
        {
            await Task.WhenAll(Slots().Select(slot =>
                SlotDrain.RunAsync(slot, GracefulCloseSchedule.ForStop(slot.LongLivedOptions, limit), since, limit, time, cancellationToken)));

            // Their connections would be in use for as long as they like.
            EndPreviews();

            // Idle connections of HTTP/1.1 get their time to be used once more, and to be told to close by that. So the slots may have
            // something in flight again.
            if (!listeners.AreInUse(options.Value.Shutdown.IdleConnections))
            {
                return;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    // What came while the listeners closed, and what has its time to end still.
    private async Task EndPreviewsAsync(CancellationToken cancellationToken)
    {
        EndPreviews();
        var since = time.GetTimestamp();
        while (Slots().Any(slot => slot.InFlight.Previews > 0) && time.GetElapsedTime(since) < SlotPreviews.Grace)
        {
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    private void EndPreviews()
    {
        foreach (var slot in Slots().Where(slot => slot.InFlight.Previews > 0))
        {
            slot.Previews.End();
        }
    }

    private Task CancelRemainingAsync()
    {
        foreach (var slot in Slots())
        {
            slot.Previews.Cancel();
        }

        var remaining = InFlight();
        if (remaining == 0)
        {
            // On an idle connection a request may come in at this very moment, as one that a busy machine was slow to read. Its slot
            // must not greet it with a cancellation: it has the time that the connections have to be closed.
            return Task.CompletedTask;
        }

        LogDeadline(logger, remaining);
        foreach (var slot in Slots())
        {
            slot.Drain.Raise();
        }

        return Task.CompletedTask;
    }

    private long InFlight() => Slots().Sum(slot => slot.InFlight.Count);

    // Those of removed services too, as long as something is in flight there.
    private IEnumerable<Slot> Slots() => services.Known.SelectMany(service => SlotNames.All.Select(slot => service[slot]));

    [LoggerMessage(6001, LogLevel.Information, "Another gateway serves the same port, after {Seconds:0.0} s; this one drains.")]
    private static partial void LogSuccessor(ILogger logger, double seconds);

    [LoggerMessage(6002, LogLevel.Information, "No longer listening. Draining connections: {Connections}; requests, streams and WebSockets: {InFlight}.")]
    private static partial void LogDraining(ILogger logger, int connections, long inFlight);

    [LoggerMessage(6003, LogLevel.Warning, "The time to stop is over. Requests, streams and WebSockets that are cancelled: {Remaining}.")]
    private static partial void LogDeadline(ILogger logger, long remaining);
}

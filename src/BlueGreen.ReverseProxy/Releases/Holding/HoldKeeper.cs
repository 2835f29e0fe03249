using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Holding;

/// <summary>Ends holds by hand whose time is over, in the state too, and every hold when the gateway stops.</summary>
/// <remarks>The requests do not wait for this: the service's queue has let them go by itself.</remarks>
internal sealed partial class HoldKeeper(
    CommittedState state, ServiceCatalog services, UntilStored untilStored, BackgroundLoops loops, TimeProvider time, ILogger<HoldKeeper> logger) : BackgroundService
{
    /// <summary>Lets all requests go on, and ends the holds in the state. The gateway stops: it holds nobody from now on.</summary>
    public async Task EndAllAsync(CancellationToken cancellationToken)
    {
        foreach (var service in services.Known)
        {
            service.Held.Stop();
        }

        try
        {
            var ended = await state.CommitAsync(EndAll, cancellationToken);
            if (ended > 0)
            {
                LogEndedAtStop(logger, ended);
            }
        }
        catch (StateUnavailableException exception)
        {
            LogNotStored(logger, exception.Message);
        }
    }

    /// <summary>Ends every hold. Pure.</summary>
    public static StateChange EndAll(StateChange change, DateTimeOffset now)
    {
        const string Why = "the gateway stopped";
        var next = change.Services
            .Where(service => service.Value.Hold is not null)
            .Aggregate(change, (next, service) => ServiceHolds.End(next, service.Key, service.Value.Hold!.Id, $"{Why}, and the requests went on", now));
        return change.Running
            .Where(release => release.Status == ReleaseStatus.Holding)
            .Aggregate(next, (next, release) => HoldTransitions.Fail(next, release, $"{Why} while requests were held", now));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loops.RunAsync("hold", subject: null, WatchAsync, stoppingToken);

    private async Task WatchAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await state.WaitUntilAsync(current => Held(current).Any(), stopping);
                var holds = Held(state.Current).ToImmutableArray();
                var over = holds.Where(hold => LeftOf(hold) == TimeSpan.Zero).ToImmutableArray();
                if (over.IsEmpty)
                {
                    await Race.FirstAsync(
                        stopping,
                        token => state.WaitUntilAsync(current => !Held(current).SequenceEqual(holds), token),
                        token => Task.Delay(holds.Min(LeftOf), time, token));
                    continue;
                }

                await untilStored.CommitAsync(committed => Expire(committed, over), stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What is held then is ended by the stop, or by the next process.
        }
    }

    private static IEnumerable<(string Service, HoldState Hold)> Held(GatewayState current) =>
        from service in current.Services
        where service.Value.Hold is not null
        select (service.Key, service.Value.Hold);

    // A service that this process does not have holds nobody. One that came back with other clusters is there twice.
    private TimeSpan LeftOf((string Service, HoldState Hold) held) => services.Known
        .Where(service => string.Equals(service.Name, held.Service, StringComparison.OrdinalIgnoreCase))
        .Select(service => service.Held.Left(held.Hold.Id))
        .DefaultIfEmpty()
        .Max();

    private Decision<bool> Expire(Committed committed, ImmutableArray<(string Service, HoldState Hold)> over)
    {
        var change = over.Aggregate(committed.Change(), (change, held) => ServiceHolds.End(
            change, held.Service, held.Hold.Id, string.Create(CultureInfo.InvariantCulture, $"its time of {held.Hold.MaxSeconds} s was over"), time.GetUtcNow()));
        return new(ReferenceEquals(change.State, committed.State) ? null : change, true);
    }

    private Decision<int> EndAll(Committed committed)
    {
        var change = EndAll(committed.Change(), time.GetUtcNow());
        return new(ReferenceEquals(change.State, committed.State) ? null : change, change.Events.Count);
    }

    [LoggerMessage(4701, LogLevel.Warning, "The gateway stops, so {Count} holds have ended and their requests have gone on.")]
    private static partial void LogEndedAtStop(ILogger logger, int count);

    [LoggerMessage(4702, LogLevel.Warning, "The requests that were held have gone on because the gateway stops. That could not be stored: the next process holds those of a hold by hand until its time is over. {Error}")]
    private static partial void LogNotStored(ILogger logger, string error);
}

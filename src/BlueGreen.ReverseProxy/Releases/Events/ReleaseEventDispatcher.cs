using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Events;

/// <summary>A subscriber that the host has registered.</summary>
/// <param name="Name">As it is called in health and metrics.</param>
/// <param name="Create">Takes the subscriber from the host's services.</param>
internal sealed record ReleaseEventRegistration(string Name, Func<IServiceProvider, IReleaseEventSubscriber> Create);

/// <summary>Gives every subscriber of the host a loop of its own, from the first event of this process on.</summary>
internal sealed partial class ReleaseEventDispatcher(
    IServiceProvider provider,
    IEnumerable<ReleaseEventRegistration> registrations,
    CommittedState state,
    BackgroundLoops loops,
    TimeProvider time,
    ILogger<ReleaseEventDispatcher> logger) : IHostedService, IDisposable
{
    // A subscriber that does not return must not hold the gateway's stop up.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<(string Name, Task Task)> _running = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var after = state.Current.LastEvent;
        foreach (var registration in registrations)
        {
            var feed = new ReleaseEventFeed(registration.Name, registration.Create(provider), after, state, logger);

            // On a thread of its own: a subscriber may block, and the host's start must not wait for it.
            _running.Add((registration.Name, Task.Run(
                () => loops.RunAsync("events", registration.Name, feed.DeliverAsync, _stop.Token), CancellationToken.None)));
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        try
        {
            await Task.WhenAll(_running.Select(loop => loop.Task)).WaitAsync(StopTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogLeft(logger, string.Join(", ", _running.Where(loop => !loop.Task.IsCompleted).Select(loop => loop.Name)), StopTimeout.TotalSeconds);
        }
    }

    public void Dispose() => _stop.Dispose();

    [LoggerMessage(4412, LogLevel.Warning, "The gateway stops without {Subscribers}: the event that was handed over is not done after {Seconds} s.")]
    private static partial void LogLeft(ILogger logger, string subscribers, double seconds);
}

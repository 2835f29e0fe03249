using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace BlueGreen.ReverseProxy.Releases.Hooks;

/// <summary>
/// Makes the calls that wait in the outbox: one loop per hook, in the order of events, each call until it has succeeded or
/// <see cref="HookOptions.GiveUpAfter"/> has passed. A call leaves the outbox after it was answered, so a gateway that dies in
/// between makes it again: at least once, with the same id.
/// </summary>
internal sealed partial class HookDeliverer(
    CurrentOptions options,
    CommittedState state,
    ReleaseRunner runner,
    ServiceCatalog services,
    HookCall call,
    HealthMonitor monitor,
    UntilStored untilStored,
    BackgroundLoops loops,
    TimeProvider time,
    ILogger<HookDeliverer> logger) : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        new LoopSet<HookOptions>("hooks", hook => hook.Name, hook => token => DeliverAsync(hook, token), loops)
            .FollowAsync(() => options.Value.Hooks, () => options.NextChange, stoppingToken);

    private async Task DeliverAsync(HookOptions hook, CancellationToken stopping)
    {
        while (true)
        {
            await state.WaitForAsync(committed => committed.Records.Outbox.Exists(entry => entry.Hook == hook.Name), stopping);
            if (state.Snapshot.Records.Outbox.Find(entry => entry.Hook == hook.Name) is { } delivery)
            {
                await DeliverAsync(hook, delivery, stopping);
            }
        }
    }

    // A call that was taken back while it waited, or was being tried, is not made any more.
    private async Task DeliverAsync(HookOptions hook, HookDelivery delivery, CancellationToken stopping)
    {
        HookAnswer? answer = null;
        await Race.FirstAsync(
            stopping,
            token => state.WaitForAsync(committed => !IsWaiting(committed, delivery), token),
            async token => answer = await CallAsync(hook, delivery, token));
        if (answer is null)
        {
            LogWithdrawn(logger, hook.Name, delivery.Id, HookCall.NameOf(delivery.Event));
            return;
        }

        if (!answer.Success)
        {
            LogGivenUp(logger, hook.Name, delivery.Id, HookCall.NameOf(delivery.Event), answer.Detail);
        }

        await untilStored.CommitAsync(committed => Remove(committed, hook, delivery, answer), stopping);
    }

    // The time to give up is that of the event: after an outage, all that is too old is given up at once.
    private async Task<HookAnswer> CallAsync(HookOptions hook, HookDelivery delivery, CancellationToken cancellationToken)
    {
        var left = (delivery.ExpiresAt ?? delivery.At + hook.GiveUpAfter) - time.GetUtcNow();
        return left <= TimeSpan.Zero
            ? new HookAnswer(false, null, $"not made within {hook.GiveUpAfter} of its event")
            : await Retries(hook, left).ExecuteAsync(async token => await SendAsync(hook, delivery, token), cancellationToken);
    }

    private async Task<HookAnswer> SendAsync(HookOptions hook, HookDelivery delivery, CancellationToken cancellationToken)
    {
        var committed = state.Snapshot;
        if (!IsWaiting(committed, delivery) || committed.Find(delivery.Release) is not { } release)
        {
            return new(false, null, $"release {delivery.Release} is no longer known");
        }

        var view = ReleaseView.Of(release, committed.EventsOf(release.Id), runner.ProgressOf(release.Id), services, time);
        return await call.SendAsync(hook, BodyOf(delivery, view, committed), cancellationToken);
    }

    private HookBody BodyOf(HookDelivery delivery, Release release, Committed committed)
    {
        var body = new HookBody(delivery.Id, HookCall.NameOf(delivery.Event), delivery.At, delivery.Service, release);
        return delivery is { Service: { } name, Slot: { } slot } && services.TryGet(name, out var service)
            ? body with
            {
                Slot = slot,
                Generation = delivery.Generation,
                Destinations = committed.State.Services[name][slot] is { } deployed
                    ? [.. deployed.Destinations.Values.Select(destination => destination.Address)]
                    : [.. monitor.ProbersOf(service[slot]).Select(prober => prober.Address).Distinct(StringComparer.Ordinal)],
            }
            : body;
    }

    private static bool IsWaiting(Committed committed, HookDelivery delivery) => committed.Records.Outbox.Exists(entry => entry.Id == delivery.Id);

    private Decision<bool> Remove(Committed committed, HookOptions hook, HookDelivery delivery, HookAnswer answer) =>
        !IsWaiting(committed, delivery) ? new(null, false) : new(
            (committed.Change() with { Dequeued = [delivery.Id] }).WithAudit(
                time.GetUtcNow(),
                Caller.Gateway,
                "hook",
                answer.Success ? "done" : "givenUp",
                delivery.Service is { } service ? [service] : [.. committed.Find(delivery.Release)?.Services.Select(entry => entry.Name) ?? []],
                delivery.Release,
                force: false,
                reason: null,
                $"{HookCall.NameOf(delivery.Event)} to {hook.Name}: {answer.Detail}"),
            true);

    // Both kinds of waiting are Polly's: the receiver's own pace when it says one, growing pauses when it fails.
    private ResiliencePipeline<HookAnswer> Retries(HookOptions hook, TimeSpan atMost)
    {
        var started = time.GetTimestamp();
        return new ResiliencePipelineBuilder<HookAnswer> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HookAnswer>
            {
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { Success: false } && time.GetElapsedTime(started) < atMost),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstRetry,
                MaxDelay = LongestRetry,
                DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result?.AskAgain),
                OnRetry = arguments =>
                {
                    LogRetry(logger, hook.Name, arguments.Outcome.Result?.Detail ?? "", arguments.RetryDelay.TotalSeconds);
                    return default;
                },
            })
            .Build();
    }

    [LoggerMessage(4201, LogLevel.Warning, "Hook {Hook}: {Detail}. The next try is in {Seconds:0.0} s.")]
    private static partial void LogRetry(ILogger logger, string hook, string detail, double seconds);

    [LoggerMessage(4202, LogLevel.Error, "Hook {Hook} was not reached for {Delivery} ({Event}) and is given up: {Detail}.")]
    private static partial void LogGivenUp(ILogger logger, string hook, string delivery, string @event, string detail);

    [LoggerMessage(4203, LogLevel.Information, "Hook {Hook}: {Delivery} ({Event}) is not called: the slot is in use again.")]
    private static partial void LogWithdrawn(ILogger logger, string hook, string delivery, string @event);
}

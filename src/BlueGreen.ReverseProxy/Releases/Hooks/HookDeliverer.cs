using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace BlueGreen.ReverseProxy.Releases.Hooks;

/// <summary>
/// Makes the calls that wait in the outbox: one loop a hook, in the order of events, each call until it has succeeded or
/// <see cref="HookOptions.GiveUpAfter"/> has passed. A call leaves the outbox after it was answered, so a gateway that dies in
/// between makes it again: at least once, with the same id.
/// </summary>
internal sealed partial class HookDeliverer(
    BlueGreenOptions options,
    CommittedState state,
    ReleaseRunner runner,
    ServiceCatalog services,
    HookCall call,
    BackgroundLoops loops,
    TimeProvider time,
    ILogger<HookDeliverer> logger) : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(options.Hooks.Select(hook =>
            Task.Run(() => loops.RunAsync("hooks", hook.Name, token => DeliverAsync(hook, token), stoppingToken), stoppingToken)));

    private async Task DeliverAsync(HookOptions hook, CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await state.WaitUntilAsync(current => current.Outbox.Exists(entry => entry.Hook == hook.Name), stopping);
                await DeliverAsync(hook, state.Current.Outbox.Find(entry => entry.Hook == hook.Name)!, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What is left stands in the state; the next process goes on with it.
        }
    }

    private async Task DeliverAsync(HookOptions hook, HookDelivery delivery, CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        var retries = Retries(hook, started);
        var answer = await retries.ExecuteAsync(
            async token => state.Find(delivery.Release) is { } release
                ? await call.SendAsync(
                    hook, delivery.Event, delivery.Id, delivery.At, ReleaseView.Of(release, runner.ProgressOf(release.Id), services), delivery.Service, token)
                : new HookAnswer(false, null, $"release {delivery.Release} is no longer known"),
            stopping);
        if (!answer.Success)
        {
            LogGivenUp(logger, hook.Name, delivery.Id, HookCall.NameOf(delivery.Event), answer.Detail);
        }

        await retries.ExecuteAsync(
            async _ =>
            {
                await RemoveAsync(hook, delivery, answer);
                return answer;
            },
            stopping);
    }

    private Task RemoveAsync(HookOptions hook, HookDelivery delivery, HookAnswer answer) => state.CommitAsync(current =>
    {
        var next = current with { Outbox = current.Outbox.RemoveAll(entry => entry.Id == delivery.Id) };
        next = ReleaseAudit.Add(
            next,
            time.GetUtcNow(),
            ReleaseAudit.Gateway,
            "hook",
            answer.Success ? "done" : "given-up",
            delivery.Service is { } service ? [service] : [.. state.Find(delivery.Release)?.Services.Select(entry => entry.Name) ?? []],
            delivery.Release,
            force: false,
            reason: null,
            $"{HookCall.NameOf(delivery.Event)} to {hook.Name}: {answer.Detail}");
        return new Decision<bool>(next, true);
    });

    // Both kinds of waiting are Polly's: the receiver's own pace when it says one, growing pauses when it fails.
    private ResiliencePipeline<HookAnswer> Retries(HookOptions hook, long started) => new ResiliencePipelineBuilder<HookAnswer> { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions<HookAnswer>
        {
            ShouldHandle = arguments => ValueTask.FromResult(
                (arguments.Outcome.Exception is StateUnavailableException || arguments.Outcome.Result is { Success: false })
                && time.GetElapsedTime(started) < hook.GiveUpAfter),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstRetry,
            MaxDelay = LongestRetry,
            DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result?.AskAgain),
            OnRetry = arguments =>
            {
                LogRetry(logger, hook.Name, arguments.Outcome.Result?.Detail ?? arguments.Outcome.Exception?.Message ?? "", arguments.RetryDelay.TotalSeconds);
                return default;
            },
        })
        .Build();

    [LoggerMessage(4201, LogLevel.Warning, "Hook {Hook}: {Detail}. The next try is in {Seconds:0.0} s.")]
    private static partial void LogRetry(ILogger logger, string hook, string detail, double seconds);

    [LoggerMessage(4202, LogLevel.Error, "Hook {Hook} was not reached for {Delivery} ({Event}) and is given up: {Detail}.")]
    private static partial void LogGivenUp(ILogger logger, string hook, string delivery, string @event, string detail);
}

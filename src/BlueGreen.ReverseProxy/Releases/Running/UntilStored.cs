using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Repeats a commit until it is stored: for what has happened already, and only has to be written down.</summary>
internal sealed partial class UntilStored
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly CommittedState _state;
    private readonly ResiliencePipeline _retries;

    public UntilStored(CommittedState state, TimeProvider time, ILogger<UntilStored> logger)
    {
        _state = state;
        _retries = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<StateUnavailableException>(),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstRetry,
                MaxDelay = LongestRetry,
                OnRetry = retry =>
                {
                    LogRetry(logger, retry.Outcome.Exception?.Message ?? "", retry.RetryDelay.TotalSeconds);
                    return default;
                },
            })
            .Build();
    }

    public async Task<T> CommitAsync<T>(Func<Committed, Decision<T>> decide, CancellationToken stopping) =>
        await _retries.ExecuteAsync(async token => await _state.CommitAsync(decide, token), stopping);

    [LoggerMessage(4003, LogLevel.Error, "{Error} The next try is in {Seconds:0.0} s.")]
    private static partial void LogRetry(ILogger logger, string error, double seconds);
}

using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace BlueGreen.ReverseProxy.Background;

/// <summary>
/// Runs the gateway's background loops and knows how each of them is doing. A loop that throws is logged, counted and restarted with
/// exponential back-off; no exception of a loop reaches the host, which would end the process.
/// </summary>
internal sealed partial class BackgroundLoops(TimeProvider time, ILogger<BackgroundLoops> logger)
{
    /// <summary>After running this long without a failure, a loop starts again with the shortest delay.</summary>
    public static readonly TimeSpan HealthyAfter = TimeSpan.FromMinutes(1);

    public static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<BackgroundLoop> _loops = [];

    // By kind, and kept after the loop has ended: a counter must not go backwards, and must not grow a series per release.
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);

    /// <summary>The loops that run now, by name.</summary>
    public IReadOnlyList<LoopStatus> Current
    {
        get
        {
            lock (_lock)
            {
                return [.. _loops.Select(loop => loop.Status).OrderBy(status => status.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>How often loops of each kind have failed since the process started.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Failures
    {
        get
        {
            lock (_lock)
            {
                return [.. _failures];
            }
        }
    }

    /// <summary>Runs a loop until it returns or is cancelled. Never throws.</summary>
    /// <param name="kind">What the loop does; a label of the metrics, so from a fixed set.</param>
    /// <param name="subject">What it does it for; null if there is only one loop of the kind.</param>
    /// <param name="body">The loop. It is called again after a failure, so it must not keep state that a failure leaves half changed.</param>
    /// <param name="stopping">Ends the loop, or the wait for its restart.</param>
    public async Task RunAsync(string kind, string? subject, Func<CancellationToken, Task> body, CancellationToken stopping)
    {
        var loop = new BackgroundLoop(kind, subject, time);
        Add(loop);
        try
        {
            var restarts = RestartsOf(loop, stopping);
            ExceptionDispatchInfo? failed = null;
            while (true)
            {
                try
                {
                    await restarts.ExecuteAsync(
                        async token =>
                        {
                            if (failed is { } first)
                            {
                                failed = null;
                                first.Throw();
                            }

                            loop.Begin();
                            await body(token);
                        },
                        stopping);
                    return;
                }
                catch (Exception exception) when (!stopping.IsCancellationRequested)
                {
                    // It had been running well. The failure goes through a new series of restarts as its first one.
                    failed = ExceptionDispatchInfo.Capture(exception);
                    loop.Begin();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop; that is no failure.
        }
#pragma warning disable CA1031 // Nobody can do more about it: the loop ends with the gateway.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Count(kind);
            Write(() => LogFailedAtStop(logger, exception, loop.Name));
        }
        finally
        {
            Remove(loop);
        }
    }

    /// <summary>Runs something once that nobody waits for. A failure is logged and counted. Never throws.</summary>
    /// <param name="kind">What it does; a label of the metrics, so from a fixed set.</param>
    /// <param name="work">What to do; its synchronous part runs before the call returns.</param>
    public void Start(string kind, Func<Task> work) => _ = OnceAsync(kind, work);

    private async Task OnceAsync(string kind, Func<Task> work)
    {
        // A counter that begins at 1 has never increased, to a monitoring system.
        Count(kind, failures: 0);
        try
        {
            await work();
        }
#pragma warning disable CA1031 // The last resort of a task that nobody awaits.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Count(kind);
            Write(() => LogOnceFailed(logger, exception, kind));
        }
    }

    private ResiliencePipeline RestartsOf(BackgroundLoop loop, CancellationToken stopping) => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            // A failure after a good run leaves the series, whose delays have grown, and begins another one.
            ShouldHandle = arguments => ValueTask.FromResult(
                arguments.Outcome.Exception is not null && !stopping.IsCancellationRequested && loop.RunningFor < HealthyAfter),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstDelay,
            MaxDelay = LongestDelay,
            OnRetry = retry =>
            {
                var exception = retry.Outcome.Exception!;
                Count(loop.Kind);
                loop.Fail(exception);
                Write(() => LogFailed(logger, exception, loop.Name, retry.RetryDelay.TotalSeconds));
                return default;
            },
        })
        .Build();

    // A logger that throws must not end the loop that it writes about. The failure is counted all the same.
    private static void Write(Action log)
    {
        try
        {
            log();
        }
#pragma warning disable CA1031 // There is no other place to report it.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private void Add(BackgroundLoop loop)
    {
        lock (_lock)
        {
            _loops.Add(loop);
        }

        Count(loop.Kind, failures: 0);
    }

    private void Remove(BackgroundLoop loop)
    {
        lock (_lock)
        {
            _loops.Remove(loop);
        }
    }

    private void Count(string kind, int failures = 1)
    {
        lock (_lock)
        {
            _failures[kind] = _failures.GetValueOrDefault(kind) + failures;
        }
    }

    [LoggerMessage(8001, LogLevel.Error, "Background loop {Loop} failed; it starts again in {Seconds:0.0} s. Traffic is not affected.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string loop, double seconds);

    [LoggerMessage(8002, LogLevel.Error, "Background loop {Loop} failed while the gateway was stopping it.")]
    private static partial void LogFailedAtStop(ILogger logger, Exception exception, string loop);

    [LoggerMessage(8003, LogLevel.Error, "Background work of {Loop} failed and is not repeated.")]
    private static partial void LogOnceFailed(ILogger logger, Exception exception, string loop);
}

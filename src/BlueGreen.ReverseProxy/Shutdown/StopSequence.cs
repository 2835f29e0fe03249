using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>
/// What happens between the stop signal and the end of the server: the control path is released at once, so that a successor can take
/// it; then the traffic is drained. A step that fails or hangs is logged and does not keep the next one from running.
/// </summary>
internal sealed partial class StopSequence(StopPlan plan, ServingMark mark, StopSignals signals, TimeProvider time, ILogger<StopSequence> logger)
    : IHostedLifecycleService, IDisposable
{
    // How long the loops of the control path may take to end what they are doing.
    private static readonly TimeSpan LoopStopTimeout = TimeSpan.FromSeconds(4);

    // How long a change that is being stored may take. Its own time: a loop that hangs must not keep the state from a successor.
    private static readonly TimeSpan StateReleaseTimeout = TimeSpan.FromSeconds(1);

    // How long the server and the hosted services may take to stop once everything was drained or cancelled.
    private static readonly TimeSpan ServerStopTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _overdue = new(Timeout.InfiniteTimeSpan, time);

    /// <summary>Raised when the host's own stop takes too long after the sequence, or is told to hurry.</summary>
    public CancellationToken Overdue => _overdue.Token;

    /// <summary>The longest time that the whole stop may take.</summary>
    public static TimeSpan LongestOf(ShutdownOptions options) => LoopStopTimeout + StateReleaseTimeout + options.Delay + TrafficStop.AcceptQueueDrainTime
        + options.Timeout + SlotPreviews.Grace + TrafficStop.ConnectionCloseTimeout + ServerStopTimeout;

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
        await GiveUpControlAsync(cancellationToken);
        using (var hurry = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, signals.Again))
        {
            foreach (var step in plan.Traffic.TakeWhile(_ => !hurry.IsCancellationRequested))
            {
                await RunAsync(step, hurry.Token);
            }

            if (hurry.IsCancellationRequested)
            {
                LogHurried(logger);
            }
        }

        foreach (var step in plan.Rest)
        {
            await RunAsync(step, cancellationToken);
        }

        _overdue.CancelAfter(ServerStopTimeout);
        signals.Again.Register(_overdue.Cancel);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => mark.RemoveAsync();

    public void Dispose() => _overdue.Dispose();

    private async Task GiveUpControlAsync(CancellationToken cancellationToken)
    {
        using (var limit = new CancellationTokenSource(LoopStopTimeout, time))
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token))
        {
            // Every loop is told to stop, even when the time is already over.
            foreach (var step in plan.Loops)
            {
                if (!await RunAsync(step, over.Token))
                {
                    LogOverdue(logger, step.Name, LoopStopTimeout.TotalSeconds);
                }
            }
        }

        using (var limit = new CancellationTokenSource(StateReleaseTimeout, time))
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token))
        {
            if (!await RunAsync(plan.State, over.Token))
            {
                LogStateHangs(logger, StateReleaseTimeout.TotalSeconds);
            }
        }
    }

    /// <summary>Runs a step.</summary>
    /// <returns>False when its time was over first.</returns>
    private async Task<bool> RunAsync(StopStep step, CancellationToken cancellationToken)
    {
        try
        {
            await step.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
#pragma warning disable CA1031 // Whatever went wrong, what is in flight is still to be drained.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(logger, exception, step.Name);
        }

        return true;
    }

    [LoggerMessage(6005, LogLevel.Error, "The state could not be given up within {Seconds:0.0} s because the disk does not answer: a successor gets it when this process has ended.")]
    private static partial void LogStateHangs(ILogger logger, double seconds);

    [LoggerMessage(6004, LogLevel.Warning, "Second stop signal: cancelling the remaining requests.")]
    private static partial void LogHurried(ILogger logger);

    [LoggerMessage(6006, LogLevel.Error, "A step of the stop has failed: {Step}. The stop continues with the next step.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string step);

    [LoggerMessage(6007, LogLevel.Warning, "A step of the stop was not done within {Seconds:0.0} s: {Step}. The stop continues with the next step.")]
    private static partial void LogOverdue(ILogger logger, string step, double seconds);
}

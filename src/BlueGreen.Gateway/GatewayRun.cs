using BlueGreen.ReverseProxy.Shutdown;

namespace BlueGreen.Gateway;

/// <summary>The run of the gateway from its start to its end, which comes in bounded time whatever hangs.</summary>
internal static class GatewayRun
{
    private const int Done = 0;
    private const int Unexpected = 1;

    // Closing files and writing the last log lines; the process ends without that if need be.
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Starts the gateway, waits until it is told to stop, and stops it.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> ToEndAsync(WebApplication app)
    {
        // Both are read before the end: nothing can be asked for afterwards.
        var stopping = app.Lifetime.ApplicationStopping;
        var sequence = app.Services.GetRequiredService<StopSequence>();
        try
        {
            await app.StartAsync();
            await UntilToldToStopAsync(stopping);
            await app.StopAsync(sequence.Overdue);
            return Done;
        }
        catch (Exception exception) when (stopping.IsCancellationRequested && IsOutOfTime(exception))
        {
            // Something took longer to stop than it may: it ends with the process, as was asked for.
            await Console.Error.WriteLineAsync("The gateway was stopped before all of its parts had ended.");
            return Done;
        }
        catch (Exception exception) when (stopping.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"The gateway was stopped, and a part of it failed in doing so: {exception}");
            return Unexpected;
        }
    }

    /// <summary>Disposes of the application, unless that hangs: then it ends with the process.</summary>
    /// <returns>False when a part of it failed; the error says which.</returns>
    public static async Task<bool> TryDisposeAsync(WebApplication app)
    {
        try
        {
            await Task.Run(async () => await app.DisposeAsync()).WaitAsync(DisposeTimeout, TimeProvider.System);
            return true;
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync("The gateway has ended without closing all of its files: the disk does not answer.");
            return true;
        }
#pragma warning disable CA1031 // The last step of the process: what failed is said, and the exit code is not that of a crash.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await Console.Error.WriteLineAsync($"The gateway has ended, and a part of it failed in doing so: {exception}");
            return false;
        }
    }

    private static async Task UntilToldToStopAsync(CancellationToken stopping)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stopping.Register(told.SetResult);
        await told.Task;
    }

    private static bool IsOutOfTime(Exception exception) => exception is OperationCanceledException
        || (exception is AggregateException several && several.InnerExceptions.All(IsOutOfTime));
}

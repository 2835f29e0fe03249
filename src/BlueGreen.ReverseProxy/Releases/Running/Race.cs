namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Waits for the first of several things, and ends the others before it goes on.</summary>
internal static class Race
{
    /// <returns>The index of the one that came first.</returns>
    /// <exception cref="OperationCanceledException">The gateway stops.</exception>
    public static async Task<int> FirstAsync(CancellationToken stopping, params Func<CancellationToken, Task>[] runners)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var tasks = Array.ConvertAll(runners, run => run(over.Token));
        var first = await Task.WhenAny(tasks);
        await over.CancelAsync();

        // What was cancelled is waited for, so that nothing runs on behind the step.
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.ThrowIfCancellationRequested();
        await first;
        return Array.IndexOf(tasks, first);
    }
}

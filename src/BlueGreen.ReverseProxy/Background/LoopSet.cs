namespace BlueGreen.ReverseProxy.Background;

/// <summary>Keeps one background loop per item of a set that may change while the gateway runs.</summary>
/// <remarks>When an item is replaced by another one of the same name, the old loop has ended before the new one begins: there are never two.</remarks>
/// <param name="kind">See <see cref="BackgroundLoops.RunAsync"/>.</param>
/// <param name="nameOf">What tells the items apart. Items of one name that are not equal replace each other.</param>
/// <param name="begin">Called once per item; returns the body of its loop, which is called again after a failure.</param>
/// <param name="loops">Runs the loops.</param>
internal sealed class LoopSet<TItem>(string kind, Func<TItem, string> nameOf, Func<TItem, Func<CancellationToken, Task>> begin, BackgroundLoops loops)
    where TItem : notnull
{
    private readonly Dictionary<string, Running> _running = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Starts and ends loops as the set changes, until cancelled; then all loops have ended.</summary>
    /// <param name="wanted">The items as they are now.</param>
    /// <param name="changed">A task that ends when they may have changed; taken before they are read.</param>
    /// <param name="stopping">Ends everything.</param>
    public async Task FollowAsync(Func<IEnumerable<TItem>> wanted, Func<Task> changed, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var next = changed();
            await SetAsync(wanted().ToDictionary(nameOf, StringComparer.OrdinalIgnoreCase), stopping);
            await next.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await SetAsync([], stopping);
    }

    private async Task SetAsync(Dictionary<string, TItem> wanted, CancellationToken stopping)
    {
        var gone = _running.Where(entry => !wanted.TryGetValue(entry.Key, out var item) || !item.Equals(entry.Value.Item)).ToList();
        foreach (var (_, loop) in gone)
        {
            await loop.Stop.CancelAsync();
        }

        foreach (var (name, loop) in gone)
        {
            await loop.Task;
            loop.Stop.Dispose();
            _running.Remove(name);
        }

        foreach (var (name, item) in wanted.Where(entry => !_running.ContainsKey(entry.Key)))
        {
            var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var body = begin(item);
            _running[name] = new(item, stop, Task.Run(() => loops.RunAsync(kind, name, body, stop.Token), CancellationToken.None));
        }
    }

    private sealed record Running(TItem Item, CancellationTokenSource Stop, Task Task);
}

using System.Collections.Concurrent;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Background;

/// <summary>Loops that come and go with a set.</summary>
public sealed class LoopSetTests
{
    private readonly ConcurrentQueue<string> _seen = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (string Name, int Value)[] _items = [];

    [Fact]
    public async Task Item_ReplacedByAnotherOfItsName_HasEndedBeforeTheNextBegins()
    {
        using var stop = new CancellationTokenSource();
        _items = [("a", 1), ("b", 1)];
        var following = Follow(stop.Token);
        await UntilAsync("begin a1", "begin b1");

        Change(("a", 2), ("b", 1));
        await UntilAsync("begin a2");
        Change(("a", 2));
        await UntilAsync("end b1");
        await stop.CancelAsync();
        await following.WaitAsync(TestTime.Limit);

        _seen.Where(line => line.Contains('a', StringComparison.Ordinal)).Should().Equal("begin a1", "end a1", "begin a2", "end a2");
        _seen.Where(line => line.Contains("b1", StringComparison.Ordinal)).Should().Equal("begin b1", "end b1");
    }

    private Task Follow(CancellationToken stopping)
    {
        var loops = new LoopSet<(string Name, int Value)>("test", item => item.Name, item => token => RunAsync($"{item.Name}{item.Value}", token), Loops.Over(TimeProvider.System));
        return loops.FollowAsync(() => _items, () => _changed.Task, stopping);
    }

    private async Task RunAsync(string name, CancellationToken stopping)
    {
        _seen.Enqueue($"begin {name}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // What ends late is still waited for.
        await Task.Yield();
        _seen.Enqueue($"end {name}");
    }

    private void Change(params (string Name, int Value)[] items)
    {
        _items = items;
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private async Task UntilAsync(params string[] lines)
    {
        using var limit = new CancellationTokenSource(TestTime.Limit);
        while (!lines.All(_seen.Contains))
        {
            await Task.Delay(5, limit.Token);
        }
    }
}

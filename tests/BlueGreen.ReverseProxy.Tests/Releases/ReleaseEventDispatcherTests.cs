using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Releases.Events;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>Who subscribes to events gets all of them, in their order, and is in nobody's way.</summary>
public sealed class ReleaseEventDispatcherTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly BackgroundLoops _loops = Loops.Over(TimeProvider.System);
    private readonly CollectedLog<ReleaseEventDispatcher> _log = new();
    private readonly OpenState _open;

    public ReleaseEventDispatcherTests()
    {
        _open = new OpenState(_folder.Path, "orders");
    }

    public void Dispose()
    {
        _open.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Subscriber_FromItsStartOn_GetsEveryEventOnceInOrder()
    {
        await CommitAsync(2);
        var subscriber = new Subscriber();
        using var dispatcher = await StartAsync(subscriber);

        await CommitAsync(1);
        await CommitAsync(3);

        await subscriber.UntilAsync(4);
        subscriber.Got.Should().Equal(3, 4, 5, 6);
        await dispatcher.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Subscriber_ThatThrows_GetsTheSameEventAgainAndThenTheNext()
    {
        var failed = 0;
        var subscriber = new Subscriber((entry, _) => entry.Sequence == 2 && Interlocked.Increment(ref failed) <= 2
            ? throw new InvalidOperationException("not now")
            : Task.CompletedTask);
        using var dispatcher = await StartAsync(subscriber);

        await CommitAsync(3);

        await subscriber.UntilAsync(5);
        subscriber.Got.Should().Equal(1, 2, 2, 2, 3);
        _loops.Failures.Should().Contain(KeyValuePair.Create("events", 2L));
        await dispatcher.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Subscriber_ThatBlocks_IsInNobodysWay()
    {
        using var release = new ManualResetEventSlim();
        var blocked = new Subscriber((_, _) =>
        {
            release.Wait(TestTime.Limit, CancellationToken.None);
            return Task.CompletedTask;
        });
        var other = new Subscriber();
        using var dispatcher = await StartAsync(blocked, other);

        await CommitAsync(3);

        await other.UntilAsync(3);
        blocked.Got.Should().HaveCountLessThan(2);
        release.Set();
        await blocked.UntilAsync(3);
        blocked.Got.Should().Equal(1, 2, 3);
        await dispatcher.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Subscriber_TooFarBehind_LosesTheOldestAndTheLogSaysHowMany()
    {
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var subscriber = new Subscriber((entry, _) => entry.Sequence == 1 ? first.Task : Task.CompletedTask);
        using var dispatcher = await StartAsync(subscriber);
        await CommitAsync(1);
        await subscriber.UntilAsync(1);

        await CommitAsync(RecentRecords.MaxEvents + 10);
        first.SetResult();

        await subscriber.UntilAsync(RecentRecords.MaxEvents + 1);
        subscriber.Got.Take(2).Should().Equal(1, 12);
        subscriber.Got.Last().Should().Be(RecentRecords.MaxEvents + 11);
        _log.Lines.Should().ContainSingle().Which.Values["Count"].Should().Be(10L);
        await dispatcher.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Stop_WithASubscriberThatDoesNotReturn_GoesOnWithoutIt()
    {
        var time = new ManualTime();
        var never = new TaskCompletionSource();
        var subscriber = new Subscriber((_, _) => never.Task);
        using var dispatcher = await StartAsync(time, subscriber);
        await CommitAsync(1);
        await subscriber.UntilAsync(1);

        var stopped = dispatcher.StopAsync(CancellationToken.None);
        while (!stopped.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await stopped;
        _log.Lines.Should().ContainSingle().Which.Text.Should().StartWith("The gateway stops without Subscriber0");
        never.SetResult();
    }

    private Task<ReleaseEventDispatcher> StartAsync(params Subscriber[] subscribers) => StartAsync(TimeProvider.System, subscribers);

    private async Task<ReleaseEventDispatcher> StartAsync(TimeProvider time, params Subscriber[] subscribers)
    {
        var registrations = subscribers.Select((subscriber, index) => new ReleaseEventRegistration($"Subscriber{index}", _ => subscriber));
        var dispatcher = new ReleaseEventDispatcher(null!, registrations, _open.State, _loops, time, _log);
        await dispatcher.StartAsync(CancellationToken.None);
        return dispatcher;
    }

    private Task CommitAsync(int events)
    {
        var release = States.Release("r1-aaaaaa");
        return _open.ChangeAsync(change =>
        {
            var first = change.State.LastEvent + 1;
            ImmutableList<string> services = ["orders"];
            return change with
            {
                State = change.State with { LastEvent = change.State.LastEvent + events },
                Events = [.. Enumerable.Range(0, events).Select(index => new EventRecord(first + index, States.Now, "created", release.Id, services, null))],
            };
        });
    }

    private sealed class Subscriber(Func<StreamedEvent, CancellationToken, Task>? handle = null) : IReleaseEventSubscriber
    {
        private readonly Channel<long> _came = Channel.CreateUnbounded<long>();

        public ConcurrentQueue<long> Got { get; } = new();

        public async Task UntilAsync(int count)
        {
            while (Got.Count < count)
            {
                await _came.Reader.ReadAsync().AsTask().WaitAsync(TestTime.Limit);
            }
        }

        public Task OnEventAsync(StreamedEvent releaseEvent, CancellationToken cancellationToken)
        {
            Got.Enqueue(releaseEvent.Sequence);
            _came.Writer.TryWrite(releaseEvent.Sequence).Should().BeTrue();
            return handle?.Invoke(releaseEvent, cancellationToken) ?? Task.CompletedTask;
        }
    }
}

using System.Runtime.CompilerServices;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class InFlightCounterTests
{
    private readonly InFlightCounter _counter = new();

    [Fact]
    public void WhenIdle_NothingInFlight_IsCompleteAtOnce()
    {
        _counter.WhenIdleAsync(CancellationToken.None).IsCompletedSuccessfully.Should().BeTrue();
    }

    [Fact]
    public async Task WhenIdle_LastOfTwoRequestsLeaves_CompletesThenAndNotBefore()
    {
        _counter.Increment();
        _counter.Increment();
        var idle = _counter.WhenIdleAsync(CancellationToken.None);

        _counter.Decrement();
        idle.IsCompleted.Should().BeFalse();
        _counter.Count.Should().Be(1);

        _counter.Decrement();
        await idle.WaitAsync(TestTime.Limit);
        _counter.Count.Should().Be(0);
    }

    [Fact]
    public async Task WhenIdle_TwoWaiters_BothComplete()
    {
        _counter.Increment();
        var first = _counter.WhenIdleAsync(CancellationToken.None);
        var second = _counter.WhenIdleAsync(CancellationToken.None);

        _counter.Decrement();

        await Task.WhenAll(first, second).WaitAsync(TestTime.Limit);
    }

    [Fact]
    public async Task WhenIdle_OneWaiterGivesUp_TheOtherStillCompletes()
    {
        using var givesUp = new CancellationTokenSource();
        _counter.Increment();
        var first = _counter.WhenIdleAsync(givesUp.Token);
        var second = _counter.WhenIdleAsync(CancellationToken.None);

        await givesUp.CancelAsync();
        await first.Invoking(task => task.WaitAsync(TestTime.Limit)).Should().ThrowAsync<OperationCanceledException>();
        second.IsCompleted.Should().BeFalse();

        _counter.Decrement();
        await second.WaitAsync(TestTime.Limit);
    }

    [Fact]
    public void WhenIdle_BusyAgainAfterAnEarlierDrain_WaitsAnew()
    {
        _counter.Increment();
        _ = _counter.WhenIdleAsync(CancellationToken.None);
        _counter.Decrement();
        _counter.Increment();

        _counter.WhenIdleAsync(CancellationToken.None).IsCompleted.Should().BeFalse();
    }

    // The last request leaves while the drain begins: whichever comes second has to see the other, or the drain never ends.
    [Fact]
    public async Task WhenIdle_RacesWithTheLastDecrement_NeverMissesIt()
    {
        const int Rounds = 30_000;
        var counters = Enumerable.Range(0, Rounds).Select(_ => new InFlightCounter()).ToArray();
        foreach (var counter in counters)
        {
            counter.Increment();
        }

        var idle = new Task[Rounds];
        InLockStep(
            Rounds,
            round => counters[round].Decrement(),
            round => idle[round] = counters[round].WhenIdleAsync(CancellationToken.None));

        // A wait that has missed its decrement never ends.
        await Task.WhenAll(idle).WaitAsync(TimeSpan.FromMinutes(1));
    }

    // While the slot is active its count touches zero all the time. A request that took it there, and is held up before it looks
    // for a waiter, must not end the wait of a drain that began after another request had come in.
    [Fact]
    public void WhenIdle_AnEarlierRequestLeftJustBeforeAnotherCameIn_WaitsForTheOther()
    {
        const int Rounds = 30_000;
        var counters = Enumerable.Range(0, Rounds).Select(_ => new InFlightCounter()).ToArray();
        foreach (var counter in counters)
        {
            counter.Increment();
        }

        var tooEarly = 0;
        var drains = new Task[Rounds];
        InLockStep(
            Rounds,
            round => counters[round].Decrement(),
            round =>
            {
                counters[round].Increment();
                drains[round] = counters[round].WhenIdleAsync(CancellationToken.None);
            });
        for (var round = 0; round < Rounds; round++)
        {
            tooEarly += drains[round].IsCompleted ? 1 : 0;
        }

        tooEarly.Should().Be(0, "one request is still in flight in every round");
    }

    // The same order of steps, not left to chance: the earlier request wakes the waiter only now.
    [Fact]
    public async Task WhenIdle_WokenByARequestThatLeftEarlier_WaitsForTheOneThatCameIn()
    {
        _counter.Increment();
        var drain = _counter.WhenIdleAsync(CancellationToken.None);
        var woken = WaiterOf(_counter)!;

        woken.TrySetResult();

        using var limit = new CancellationTokenSource(TestTime.Limit);
        while (!drain.IsCompleted && ReferenceEquals(WaiterOf(_counter), woken))
        {
            await Task.Delay(1, limit.Token);
        }

        drain.IsCompleted.Should().BeFalse("one request is still in flight");
        _counter.Decrement();
        await drain.WaitAsync(TestTime.Limit);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_idle")]
    private static extern ref TaskCompletionSource? WaiterOf(InFlightCounter counter);

    // Two real threads that begin every round at the same moment.
    private static void InLockStep(int rounds, Action<int> one, Action<int> other)
    {
        var arrivals = 0L;
        var threads = new[] { one, other }.Select(action => new Thread(() =>
        {
            for (var round = 0; round < rounds; round++)
            {
                Interlocked.Increment(ref arrivals);
                var spin = new SpinWait();
                while (Interlocked.Read(ref arrivals) < 2L * (round + 1))
                {
                    spin.SpinOnce();
                }

                action(round);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
    }
}

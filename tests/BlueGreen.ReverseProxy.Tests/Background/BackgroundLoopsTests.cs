using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Background;

public sealed class BackgroundLoopsTests : IDisposable
{
    private const int Failed = 8001;

    private readonly ManualTime _time = new();
    private readonly CollectedLog<BackgroundLoops> _log = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly BackgroundLoops _loops;

    public BackgroundLoopsTests()
    {
        _loops = new BackgroundLoops(_time, _log);
    }

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task Run_BodyThrows_IsLoggedOnceCountedAndStartedAgain()
    {
        var second = new TaskCompletionSource();
        var runs = 0;
        var loop = _loops.RunAsync("hooks", "ci", token => ++runs == 1 ? throw new InvalidOperationException("a defect") : Until(second, token), _stop.Token);

        var waiting = _loops.Current.Should().ContainSingle().Subject;
        waiting.Should().BeEquivalentTo(new { Kind = "hooks", Name = "hooks/ci", IsRestarting = true, Failures = 1L, LastError = "InvalidOperationException: a defect" });
        await _time.PassUntilAsync(second.Task);

        var line = _log.Lines.Should().ContainSingle().Subject;
        (line.Level, line.Id, line.Values["Loop"], line.Exception!.Message).Should().Be((LogLevel.Error, Failed, "hooks/ci", "a defect"));
        line.Values["Seconds"].Should().BeOfType<double>().Which.Should().BePositive();
        var running = _loops.Current.Single();
        (running.IsRestarting, running.Failures, running.LastError).Should().Be((false, 1L, "InvalidOperationException: a defect"));
        running.Since.Should().BeAfter(waiting.Since);
        _loops.Failures.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("hooks", 1L));
        await StopAsync(loop);
    }

    [Fact]
    public async Task Run_BodyThrowsAgainAndAgain_WaitsLongerEachTimeUpToTheLongestDelay()
    {
        var tenth = new TaskCompletionSource();
        var runs = 0;
        var loop = _loops.RunAsync("bake", null, token => ++runs <= 40 ? throw new InvalidOperationException() : Until(tenth, token), _stop.Token);

        await _time.PassUntilAsync(tenth.Task);

        var delays = Delays();
        delays.Should().HaveCount(40).And.OnlyContain(delay => delay <= BackgroundLoops.LongestDelay.TotalSeconds);
        delays[0].Should().BeLessThan(1);
        delays[^1].Should().Be(BackgroundLoops.LongestDelay.TotalSeconds);
        await StopAsync(loop);
    }

    [Fact]
    public async Task Run_HasRunWellForAMinute_BeginsWithTheShortestDelayAgain()
    {
        var fail = new TaskCompletionSource();
        var good = new TaskCompletionSource();
        var again = new TaskCompletionSource();
        var runs = 0;
        var loop = _loops.RunAsync(
            "bake",
            null,
            async token =>
            {
                runs++;
                if (runs == 41)
                {
                    good.SetResult();
                    await fail.Task.WaitAsync(token);
                }

                if (runs == 42)
                {
                    await Until(again, token);
                }

                throw new InvalidOperationException();
            },
            _stop.Token);
        await _time.PassUntilAsync(good.Task);

        _time.Advance(BackgroundLoops.HealthyAfter);
        fail.SetResult();
        await _time.PassUntilAsync(again.Task);

        var delays = Delays();
        delays.Should().HaveCount(41, "the failure after the good run is one failure");
        delays[39].Should().Be(BackgroundLoops.LongestDelay.TotalSeconds);
        delays[40].Should().BeLessThan(1).And.BePositive();
        _loops.Failures.Single().Value.Should().Be(41);
        await StopAsync(loop);
    }

    [Fact]
    public async Task Stop_WhileItWaitsToBeStartedAgain_EndsAtOnceAndIsNoFailure()
    {
        var runs = 0;
        var loop = _loops.RunAsync(
            "hooks",
            "ci",
            _ =>
            {
                runs++;
                throw new InvalidOperationException();
            },
            _stop.Token);
        _loops.Current.Single().IsRestarting.Should().BeTrue();

        await StopAsync(loop);

        runs.Should().Be(1);
        _log.Lines.Should().ContainSingle();
        _loops.Failures.Single().Value.Should().Be(1);
    }

    [Fact]
    public async Task Stop_WhileItRuns_IsNoFailure()
    {
        var running = new TaskCompletionSource();
        var loop = _loops.RunAsync("hooks", "ci", token => Until(running, token), _stop.Token);
        await running.Task;

        await StopAsync(loop);

        _log.Lines.Should().BeEmpty();
        _loops.Failures.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("hooks", 0L));
    }

    // A client's timeout is a cancellation too, and the loop was not told to stop.
    [Fact]
    public async Task Run_CancelledByItself_IsAFailure()
    {
        var second = new TaskCompletionSource();
        var runs = 0;
        var loop = _loops.RunAsync("hooks", "ci", token => ++runs == 1 ? throw new TaskCanceledException("too slow") : Until(second, token), _stop.Token);

        await _time.PassUntilAsync(second.Task);

        _loops.Failures.Single().Value.Should().Be(1);
        await StopAsync(loop);
    }

    [Fact]
    public async Task Stop_BodyThrowsInsteadOfEnding_IsLoggedAndNotStartedAgain()
    {
        var running = new TaskCompletionSource();
        var runs = 0;
        var loop = _loops.RunAsync(
            "hooks",
            "ci",
            async token =>
            {
                runs++;
                try
                {
                    await Until(running, token);
                }
                catch (OperationCanceledException exception)
                {
                    throw new InvalidOperationException("half way", exception);
                }
            },
            _stop.Token);
        await running.Task;

        await StopAsync(loop);

        runs.Should().Be(1);
        _log.Lines.Should().ContainSingle().Which.Exception!.Message.Should().Be("half way");
        _loops.Failures.Single().Value.Should().Be(1);
    }

    [Fact]
    public async Task Run_BodyReturns_EndsAndKeepsTheCount()
    {
        var runs = 0;
        var loop = _loops.RunAsync("health", "a", _ => ++runs == 1 ? throw new InvalidOperationException() : Task.CompletedTask, _stop.Token);

        await _time.PassUntilAsync(loop);

        _loops.Current.Should().BeEmpty();
        _loops.Failures.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("health", 1L));
    }

    [Fact]
    public async Task Run_OneLoopThrows_TheOthersGoOn()
    {
        var running = new TaskCompletionSource();
        var bad = _loops.RunAsync("health", "a", _ => throw new InvalidOperationException(), _stop.Token);
        var good = _loops.RunAsync("health", "b", token => Until(running, token), _stop.Token);
        await running.Task;

        _loops.Current.Select(loop => (loop.Name, loop.IsRestarting)).Should().Equal(("health/a", true), ("health/b", false));
        await StopAsync(Task.WhenAll(bad, good));
    }

    [Fact]
    public async Task Run_TheLogThrowsToo_IsStartedAgainAllTheSame()
    {
        var loops = new BackgroundLoops(_time, new BrokenLog());
        var second = new TaskCompletionSource();
        var runs = 0;
        var loop = loops.RunAsync("hooks", "ci", token => ++runs == 1 ? throw new InvalidOperationException() : Until(second, token), _stop.Token);

        loops.Current.Single().IsRestarting.Should().BeTrue("it waits, and does not spin");
        await _time.PassUntilAsync(second.Task);

        loops.Failures.Single().Value.Should().Be(1);
        await StopAsync(loop);
    }

    [Fact]
    public async Task Run_MessageOfManyLines_IsKeptShort()
    {
        var loop = _loops.RunAsync("hooks", "ci", _ => throw new InvalidOperationException("one\r\ntwo" + new string('x', 1000)), _stop.Token);

        _loops.Current.Single().LastError.Should().StartWith("InvalidOperationException: one two").And.HaveLength("InvalidOperationException: ".Length + 201);
        await StopAsync(loop);
    }

    [Fact]
    public void Start_WorkThrows_IsLoggedAndCounted()
    {
        _loops.Start("audit", () => throw new InvalidOperationException("at once"));
        _loops.Start("audit", () => Task.FromException(new InvalidOperationException("later")));

        _log.Lines.Select(line => line.Exception!.Message).Should().Equal("at once", "later");
        _loops.Failures.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("audit", 2L));
    }

    private static async Task Until(TaskCompletionSource running, CancellationToken token)
    {
        running.TrySetResult();
        await Task.Delay(Timeout.Infinite, token);
    }

    private List<double> Delays() => [.. _log.Lines.Where(line => line.Id == Failed).Select(line => (double)line.Values["Seconds"]!)];

    private async Task StopAsync(Task loop)
    {
        await _stop.CancelAsync();
        await loop.WaitAsync(TestTime.Limit);
        _loops.Current.Should().BeEmpty();
    }

    private sealed class BrokenLog : ILogger<BackgroundLoops>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("the disk of the log is full");
    }
}

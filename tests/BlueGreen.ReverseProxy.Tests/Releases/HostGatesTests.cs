using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>What a gate of the host's own can do, and what becomes of the release.</summary>
public sealed class HostGatesTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static readonly ReleaseGateContext Context = new() { Service = "orders", Kind = ReleaseKind.Cutover, From = SlotName.Blue, To = SlotName.Green };

    private readonly ManualTime _time = new();
    private readonly CollectedLog<HostGates> _log = new();

    [Fact]
    public async Task Gate_ThatPasses_HasPassedUnderItsOwnName()
    {
        var result = await AskAsync(new TestGate((_, _) => Task.FromResult(ReleaseGateVerdict.Pass("nothing is frozen"))));

        result.Should().Be(new GateResult("gate:freeze", "orders", GateStatus.Passed, "nothing is frozen"));
    }

    [Fact]
    public async Task Gate_ThatRefuses_HasFailedWithItsReasonAsOneBoundedLine()
    {
        var result = await AskAsync(new TestGate((_, _) => Task.FromResult(ReleaseGateVerdict.Refuse($"frozen\r\nuntil Monday {new string('x', 500)}"))));

        result.Status.Should().Be(GateStatus.Failed);
        result.Detail.Should().StartWith("frozen  until Monday xxx").And.HaveLength(200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Gate_ThatThrows_HasFailedAndTheExceptionIsInTheLogAlone(bool atOnce)
    {
        var result = await AskAsync(new TestGate(async (_, _) =>
        {
            if (!atOnce)
            {
                await Task.Yield();
            }

            throw new InvalidOperationException("password=secret");
        }));

        result.Status.Should().Be(GateStatus.Failed);
        result.Detail.Should().Be("has failed (InvalidOperationException); the gateway's log says why");
        _log.Lines.Should().ContainSingle().Which.Exception!.Message.Should().Be("password=secret");
    }

    // The time limit ends in the same exception; the gate's own must not be taken for it.
    [Fact]
    public async Task Gate_ThatThrowsATimeoutOfItsOwn_HasFailedByThat()
    {
        var result = await AskAsync(new TestGate((_, _) => throw new TimeoutException("the database")));

        result.Should().Match<GateResult>(gate => gate.Status == GateStatus.Failed && gate.Detail!.StartsWith("has failed (TimeoutException)"));
    }

    [Fact]
    public async Task Gate_ThatIsCancelledByItself_HasFailed()
    {
        var result = await AskAsync(new TestGate((_, _) => Task.FromCanceled<ReleaseGateVerdict>(new CancellationToken(canceled: true))));

        result.Status.Should().Be(GateStatus.Failed);
    }

    [Fact]
    public async Task Gate_WithoutAVerdict_HasFailed()
    {
        var result = await AskAsync(new TestGate((_, _) => Task.FromResult<ReleaseGateVerdict>(null!)));

        result.Should().Be(new GateResult("gate:freeze", "orders", GateStatus.Failed, "gave no verdict"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Gate_WithNoVerdictInTime_HasFailedAndIsToldToEnd(bool blocks)
    {
        using var begun = new ManualResetEventSlim();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var release = new ManualResetEventSlim();
        var asked = AskAsync(new TestGate(async (_, token) =>
        {
            await using var registration = token.Register(told.SetResult);
            begun.Set();
            if (blocks)
            {
                release.Wait(CancellationToken.None);
            }

            // Ignores its token.
            await told.Task;
            throw new InvalidOperationException("too late");
        }));
        begun.Wait(TestTime.Limit).Should().BeTrue();

        _time.Advance(Timeout);

        (await asked.WaitAsync(TestTime.Limit)).Should().Be(new GateResult("gate:freeze", "orders", GateStatus.Failed, "no verdict within 10 s"));
        await told.Task.WaitAsync(TestTime.Limit);
        release.Set();
        while (!_log.Lines.Any(line => line.Exception?.Message == "too late"))
        {
            await Task.Yield();
        }

        _log.Lines.Select(line => line.Level).Should().Equal(LogLevel.Error, LogLevel.Warning);
    }

    [Fact]
    public async Task Gate_OfAReleaseThatIsAborted_IsToldToEnd()
    {
        using var abort = new CancellationTokenSource();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TestGate(async (_, token) =>
        {
            await abort.CancelAsync();
            await Task.Delay(System.Threading.Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            told.SetResult();
            return ReleaseGateVerdict.Pass();
        });

        await FluentActions.Awaiting(() => AskAsync(gate, abort.Token)).Should().ThrowAsync<OperationCanceledException>();

        await told.Task.WaitAsync(TestTime.Limit);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("a:b")]
    public void Name_ThatIsNotAllowed_EndsTheStart(string name)
    {
        var gates = Gates(new TestGate((_, _) => throw new InvalidOperationException(), name));

        FluentActions.Invoking(() => gates.All).Should().Throw<InvalidOperationException>().WithMessage("*TestGate*A-Z a-z 0-9*");
    }

    [Fact]
    public void Name_OfTwoGates_EndsTheStart()
    {
        var gates = Gates(
            new TestGate((_, _) => throw new InvalidOperationException()),
            new TestGate((_, _) => throw new InvalidOperationException(), "FREEZE"));

        FluentActions.Invoking(() => gates.All).Should().Throw<InvalidOperationException>().WithMessage("Several gates have the name gate:freeze*");
    }

    // A way back must not be blocked by what was written for the way there.
    [Fact]
    public void Gate_ThatSaysNothingElse_IsForCutoversAlone()
    {
        var gates = Gates(new TestGate((_, _) => throw new InvalidOperationException()));

        gates.Name(ReleaseKind.Cutover, "orders", GateStatus.Skipped, "forced").Should().ContainSingle();
        gates.Name(ReleaseKind.Rollback, "orders", GateStatus.Skipped, "forced").Should().BeEmpty();
    }

    private Task<GateResult> AskAsync(TestGate gate, CancellationToken cancellationToken = default)
    {
        var gates = Gates(gate);
        return gates.AskAsync(gates.All.Single(), Context, cancellationToken);
    }

    private HostGates Gates(params TestGate[] gates) =>
        new(null!, gates.Select(gate => new HostGateRegistration(_ => gate, Timeout)), _time, _log);

    private sealed class TestGate(Func<ReleaseGateContext, CancellationToken, Task<ReleaseGateVerdict>> evaluate, string name = "freeze") : IReleaseGate
    {
        public string Name => name;

        public Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken) => evaluate(context, cancellationToken);
    }
}

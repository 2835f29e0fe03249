using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class IdempotencyTests
{
    private static readonly ReleaseOrder Order = Ordering.Cutover("orders") with { IdempotencyKey = "key", RequestHash = "body" };

    private readonly StateChange _state = States.Of("orders").Change().Place(Order);

    [Fact]
    public void Key_AgainWithTheSameBody_GetsTheSameRelease()
    {
        var (next, outcome) = _state.Decide(Order);

        next.Should().BeNull();
        outcome.Existing.Should().BeSameAs(_state.Newest());
    }

    [Fact]
    public void Key_AgainAfterTheReleaseEnded_GetsTheSameRelease()
    {
        var ended = ReleaseTransitions.Reject(_state, _state.Newest(), Ordering.Gates(_state.Newest(), GateStatus.Failed), States.Now);

        ended.Decide(Order, States.Now.AddHours(23.9)).Outcome.Existing!.Status.Should().Be(ReleaseStatus.Rejected);
    }

    // The retry of a request that was answered: the generation has moved on because of that very request.
    [Fact]
    public void Key_AgainWithAnIfMatchThatIsStaleByNow_GetsTheSameRelease()
    {
        var order = Order with { IfMatch = 1 };
        var placed = States.Of("orders").Change().Place(order);

        placed.Pass(placed.Newest()).Decide(order).Outcome.Existing.Should().NotBeNull();
    }

    [Fact]
    public void Key_AgainWithAnotherBody_IsRefused()
    {
        var (next, outcome) = _state.Decide(Order with { RequestHash = "other" });

        next.Should().BeNull();
        outcome.Refused!.Code.Should().Be(ProblemCodes.IdempotencyMismatch);
        outcome.Refused.ReleaseId.Should().Be(_state.Newest().Id);
    }

    [Fact]
    public void Key_After24Hours_IsForgotten()
    {
        var ended = ReleaseTransitions.Abort(_state, _state.Newest(), Ordering.Ci, States.Now);

        ended.Decide(Order, States.Now.AddHours(24)).Outcome.Started.Should().NotBeNull();
    }

    [Fact]
    public void Key_OfAnother_IsAnotherRequest()
    {
        _state.Decide(Order with { IdempotencyKey = "other" }).Outcome.Refused!.Code.Should().Be(ProblemCodes.ReleaseInProgress);
    }

    // The first rollback ended a cutover before its switch, and its answer was lost. The second one must not go on to undo the
    // release before that.
    [Fact]
    public void Key_OfARollbackThatAbortedARelease_GetsThatReleaseAgain()
    {
        var before = States.Of("orders").Change().Switched(ReleaseStatus.Succeeded).Place(Ordering.Cutover("orders"));
        var rollback = Ordering.Rollback("orders") with { IdempotencyKey = "rb", RequestHash = "rb" };
        var (aborted, first) = before.Decide(rollback);
        first.Existing!.Status.Should().Be(ReleaseStatus.Aborted);

        var (next, second) = aborted!.Decide(rollback);

        next.Should().BeNull();
        second.Existing?.Id.Should().Be(first.Existing.Id);
    }

    // The call that found nothing to do must find nothing to do again, wherever traffic is by now.
    [Fact]
    public void Key_OfACallThatFoundNothingToDo_MovesNothingLater()
    {
        var order = Ordering.Cutover("orders") with { To = SlotName.Blue, IdempotencyKey = "k1", RequestHash = "to-blue" };
        var (kept, first) = States.Of("orders").Change().Decide(order);
        first.AlreadyActive.Should().BeTrue();
        var moved = kept!.Switched(ReleaseStatus.Succeeded);

        var (next, second) = moved.Decide(order);

        next.Should().BeNull();
        second.Unchanged.Should().Equal(first.Unchanged, "the answer is the one that was given");
    }

    // Two pipelines that both count their calls.
    [Fact]
    public void Key_OfAnotherCaller_IsAnotherRequest()
    {
        var (next, outcome) = _state.Decide(Order with { Caller = Ordering.Boss, RequestHash = "other" });

        next.Should().BeNull();
        outcome.Refused!.Code.Should().Be(ProblemCodes.ReleaseInProgress, "the key is not known for that caller");
    }

    [Fact]
    public void Key_OfARefusedCall_CanBeUsedAgain()
    {
        var order = Ordering.Cutover("orders") with { IdempotencyKey = "k2", RequestHash = "x" };

        _state.Decide(order).Outcome.Refused!.Code.Should().Be(ProblemCodes.ReleaseInProgress);

        var ended = ReleaseTransitions.Abort(_state, _state.Newest(), Ordering.Ci, States.Now);
        ended.Decide(order).Outcome.Started.Should().NotBeNull();
    }
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class RollbackOrderTests
{
    private static readonly ReleaseOrder Rollback = Ordering.Rollback("orders");

    private readonly StateChange _state = States.Of("orders", "users").Change();

    [Theory]
    [InlineData(ReleaseStatus.Draining)]
    [InlineData(ReleaseStatus.Baking)]
    [InlineData(ReleaseStatus.Succeeded)]
    public void Rollback_AfterASwitch_GoesBackAndEndsTheRunningRelease(ReleaseStatus status)
    {
        var before = _state.Switched(status);
        var cutover = before.Newest();
        var placed = before.Place(Rollback);

        var after = placed.Pass(placed.Newest());

        after.Services["orders"].Should().BeEquivalentTo(new ServiceState(SlotName.Blue, 3, RollbackTo: null, RolledBack: true, null, null)
        {
            KnownBad = ["2.0.0"],
            LastRelease = placed.Newest().Id,
        });
        after.Release(cutover.Id).Status.Should().Be(status == ReleaseStatus.Succeeded ? ReleaseStatus.Succeeded : ReleaseStatus.RolledBack);
        after.Running.Should().ContainSingle().Which.Kind.Should().Be(ReleaseKind.Rollback);
    }

    // Until the gate of the rollback has passed, the release that runs goes on.
    [Fact]
    public void Rollback_Accepted_SwitchesAndEndsNothingYet()
    {
        var before = _state.Switched(ReleaseStatus.Baking);

        var placed = before.Place(Rollback);

        placed.Services.Should().Equal(before.Services);
        placed.Running.Should().HaveCount(2);
    }

    [Fact]
    public void Rollback_AskedForTwice_IsTheSameRollback()
    {
        var placed = _state.Switched().Place(Rollback);

        var (next, outcome) = placed.Decide(Rollback);

        next.Should().BeNull();
        outcome.Existing.Should().BeSameAs(placed.Newest());
    }

    // Repeated at any later time, it never brings the bad version back.
    [Fact]
    public void Rollback_AfterARollback_ChangesNothing()
    {
        var placed = _state.Switched().Place(Rollback);
        var switched = placed.Pass(placed.Newest());
        switched.Decide(Rollback).Outcome.Existing.Should().NotBeNull("it drains");

        var ended = switched.Drained(switched.Newest());

        ended.Running.Should().BeEmpty();
        ended.Decide(Rollback).Outcome.AlreadyActive.Should().BeTrue();
    }

    [Fact]
    public void Rollback_AfterARollbackAndAnotherCutover_GoesBackAgain()
    {
        var placed = _state.Switched().Place(Rollback);
        var switched = placed.Pass(placed.Newest());
        var ended = switched.Drained(switched.Newest());

        var again = ended.Switched().Place(Rollback).Newest();

        again.Services.Should().Equal(new ReleasedService("orders", SlotName.Green, SlotName.Blue, 4));
    }

    [Theory]
    [InlineData(ReleaseStatus.Verifying)]
    [InlineData(ReleaseStatus.AwaitingApproval)]
    public void Rollback_BeforeTheSwitch_AbortsTheRelease(ReleaseStatus status)
    {
        var before = _state.Place(Ordering.Cutover("orders") with { RequireApproval = true });
        if (status == ReleaseStatus.AwaitingApproval)
        {
            before = before.Pass(before.Newest());
        }

        var (next, outcome) = before.Decide(Rollback);

        outcome.Existing!.Id.Should().Be(before.Newest().Id);
        outcome.Existing.Status.Should().Be(ReleaseStatus.Aborted);
        next!.Running.Should().BeEmpty();
        next.Services.Should().Equal(before.Services);
        next.State.LastRelease.Should().Be(1, "there is no release of its own");
    }

    [Fact]
    public void Rollback_NeverSwitched_IsRefused()
    {
        var (next, outcome) = _state.Decide(Rollback);

        next.Should().BeNull();
        outcome.Refused!.Code.Should().Be(ProblemCodes.NothingToRollBack);
    }

    // What a deployment into the standby leaves behind: the slot that was active before is there no more.
    [Fact]
    public void Rollback_AfterTheStandbyWasDeployedAnew_IsRefused()
    {
        var redeployed = _state.Switched(ReleaseStatus.Succeeded).With("orders", orders => orders with { RollbackTo = null, Generation = 3 });

        redeployed.Decide(Rollback).Outcome.Refused!.Code.Should().Be(ProblemCodes.NothingToRollBack);
    }

    [Fact]
    public void Rollback_RejectedByItsGate_LeavesTheRunningReleaseAlone()
    {
        var placed = _state.Switched(ReleaseStatus.Baking).Place(Rollback);

        var rejected = ReleaseTransitions.Reject(placed, placed.Newest(), Ordering.Gates(placed.Newest(), GateStatus.Failed), States.Now);

        rejected.Running.Should().ContainSingle().Which.Status.Should().Be(ReleaseStatus.Baking);
        rejected.Services["orders"].RollbackTo.Should().Be(SlotName.Blue, "it can be tried again, with force");
    }

    // Each service has a running release; one was not switched yet.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rollback_OfTwoServices_UndoesBothAsFarAsTheyHaveCome(bool switchedFirst)
    {
        var (first, second) = switchedFirst ? ("orders", "users") : ("users", "orders");
        var state = _state.Place(Ordering.Cutover(first)).Place(Ordering.Cutover(second));
        var (orders, users) = (state.Running.Find(release => release.Concerns("orders"))!, state.Running.Find(release => release.Concerns("users"))!);
        state = state.Pass(orders);

        var (next, _) = state.Decide(Ordering.Rollback("orders", "users"));
        if (next?.Running.Find(release => release.Kind == ReleaseKind.Rollback) is { } rollback)
        {
            next = next.Pass(rollback);
        }

        next!.Services["orders"].Active.Should().Be(SlotName.Blue);
        next.Release(orders.Id).Status.Should().Be(ReleaseStatus.RolledBack);
        next.Release(users.Id).Status.Should().Be(ReleaseStatus.Aborted);
    }
}

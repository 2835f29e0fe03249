using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>What every operation means for a release of several services; the table in docs/operations.md.</summary>
public sealed class GroupReleaseTests
{
    private readonly StateChange _baking;
    private readonly string _group;

    public GroupReleaseTests()
    {
        var placed = States.Of("orders", "users").Change().Place(Ordering.Cutover("orders", "users"));
        var switched = placed.Pass(placed.Newest());
        _baking = switched.Drained(switched.Newest());
        _group = _baking.Newest().Id;
    }

    // A single rollback must not stand for the whole group's.
    [Fact]
    public void RollbackOfTheGroup_WhileOneServiceIsBeingRolledBack_TakesThatOverAndSwitchesAllInOneStep()
    {
        var single = _baking.Place(Ordering.Rollback("orders"));
        var singleId = single.Newest().Id;

        var placed = single.Place(OfTheGroup());

        var rollback = placed.Newest();
        rollback.Services.Select(service => service.Name).Should().BeEquivalentTo("orders", "users");
        var overtaken = placed.Release(singleId);
        (overtaken.Status, overtaken.SupersededBy).Should().Be((ReleaseStatus.Aborted, rollback.Id));
        var after = placed.Pass(rollback);
        after.Services.Values.Should().OnlyContain(service => service.Active == SlotName.Blue && service.RolledBack);
        after.Release(_group).Status.Should().Be(ReleaseStatus.RolledBack);
    }

    [Fact]
    public void RollbackOfTheGroup_AfterOneServiceWentBack_SwitchesTheOthers()
    {
        var back = RollBackOrders();

        var placed = back.Place(OfTheGroup("users"));

        placed.Newest().Services.Should().ContainSingle().Which.Name.Should().Be("users");
        placed.Pass(placed.Newest()).Release(_group).Status.Should().Be(ReleaseStatus.RolledBack);
    }

    // One button, pressed twice.
    [Fact]
    public void RollbackOfTheGroup_AskedForTwice_IsTheSame()
    {
        var placed = _baking.Place(OfTheGroup());

        placed.Decide(OfTheGroup()).Outcome.Existing!.Id.Should().Be(placed.Newest().Id);
        placed.Decide(Ordering.Rollback("users")).Outcome.Existing!.Id.Should().Be(placed.Newest().Id, "it covers that one too");
    }

    [Fact]
    public void RollbackOfOneService_OfAGroup_LeavesTheOthersWatched()
    {
        var back = RollBackOrders();

        var group = back.Running.Find(release => release.Id == _group)!;
        group.Status.Should().Be(ReleaseStatus.Baking);
        group.Open.Select(service => service.Name).Should().Equal("users");
        var orders = group.Services.Find(service => service.Name == "orders")!;
        (orders.Outcome, orders.OutcomeBy).Should().Be((ServiceOutcomes.RolledBack, back.Newest().Id));
        back.Services["orders"].KnownBad.Should().Equal("2.0.0");
        back.Services["users"].KnownBad.Should().BeEmpty();
        back.Events.TakeLast(2).Select(it => it.Type).Should().Equal(["switched", "serviceRolledBack"], "the cause comes first");
    }

    // Nobody has looked at its gates.
    [Fact]
    public void Switch_AfterAServiceHasLeftTheRelease_LeavesThatOneWhereItIs()
    {
        var placed = States.Of("orders", "users").Change().Place(Ordering.Cutover("orders", "users"));
        var left = ReleaseTransitions.Remove(placed, placed.Newest(), ["users"], States.Now);

        var switched = left.Pass(left.Newest());

        switched.Services["orders"].Active.Should().Be(SlotName.Green);
        switched.Services["users"].Should().Be(placed.Services["users"]);
        switched.Newest().Services.Find(service => service.Name == "users")!.Outcome.Should().Be(ServiceOutcomes.Removed);
    }

    // Whoever waits for the group must not take it for a success; each service says what became of it.
    [Fact]
    public void BakeEnd_AfterOneServiceWentBack_EndsRolledBackAndSaysWhichOneStays()
    {
        var back = RollBackOrders();

        var ended = ReleaseTransitions.Succeed(back, back.Running.Find(release => release.Id == _group)!, States.Now);

        var group = ended.Release(_group);
        group.Status.Should().Be(ReleaseStatus.RolledBack);
        group.Services.Select(service => service.Outcome).Should().Equal(ServiceOutcomes.RolledBack, ServiceOutcomes.Succeeded);
        group.Detail.Should().Contain("orders was rolled back by release").And.Contain("users: ");
        ended.Services["users"].StandbySince.Should().Be(States.Now, "its standby is not needed any more");
        ended.Services["orders"].StandbySince.Should().BeNull("its rollback still drains");
    }

    [Fact]
    public void AutomaticRollback_OfAGroup_IsOfAllServicesThatItStandsFor()
    {
        var back = RollBackOrders();
        var group = back.Running.Find(release => release.Id == _group)!;

        BakeTransitions.IsWhollyBeingRolledBack(_baking.Place(Ordering.Rollback("orders")).State, _baking.Newest()).Should().BeFalse("users is not");
        BakeTransitions.IsBeingRolledBack(back.State, group).Should().BeFalse("orders has left it");
    }

    // Argo and others try again and again; here a person has the last word.
    [Fact]
    public void Abort_OfAnAutomaticRollback_HoldsTheBake()
    {
        var order = OfTheGroup() with { Caller = Caller.Bake };
        var placed = _baking.Place(order);

        var aborted = ReleaseTransitions.Abort(placed, placed.Newest(), Ordering.Ci, States.Now);

        var group = aborted.Release(_group);
        (group.Status, group.Bake!.Hold).Should().Be((ReleaseStatus.Baking, BakeHolds.Aborted));
        group.Bake.Detail.Should().Contain("ci aborted the rollback");
    }

    [Fact]
    public void Abort_OfAnOrderedRollback_HoldsNothing()
    {
        var placed = _baking.Place(OfTheGroup());

        ReleaseTransitions.Abort(placed, placed.Newest(), Ordering.Ci, States.Now).Release(_group).Bake!.Hold.Should().BeNull();
    }

    [Fact]
    public void Finish_OfAGroup_EndsTheBakeOfAllOfIt()
    {
        var finished = ReleaseTransitions.Finish(_baking, _baking.Newest(), Ordering.Ci, States.Now);

        finished.Release(_group).Status.Should().Be(ReleaseStatus.Succeeded);
        finished.Services.Values.Should().OnlyContain(service => service.StandbySince == States.Now);
    }

    // A slot that is about to be left is not "already active".
    [Fact]
    public void Cutover_ToASlotThatAReleaseIsAboutToLeave_IsRefusedWithThatRelease()
    {
        var leaving = States.Of("orders").Change().Place(Ordering.Cutover("orders") with { RequireApproval = true });
        leaving = leaving.Pass(leaving.Newest());

        var (next, outcome) = leaving.Decide(Ordering.Cutover("orders") with { To = SlotName.Blue });

        next.Should().BeNull();
        (outcome.Refused!.Code, outcome.Refused.ReleaseId).Should().Be((ProblemCodes.ReleaseInProgress, leaving.Newest().Id));
    }

    private StateChange RollBackOrders()
    {
        var placed = _baking.Place(Ordering.Rollback("orders"));
        return placed.Pass(placed.Newest());
    }

    private ReleaseOrder OfTheGroup(params string[] services) =>
        Ordering.Rollback(services.Length == 0 ? ["orders", "users"] : services) with { TakesBack = _group };
}

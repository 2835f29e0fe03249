using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class ReleaseTransitionsTests
{
    private readonly StateChange _verifying = States.Of("orders").Change().Place(Ordering.Cutover("orders"));

    [Fact]
    public void Pass_Switches()
    {
        var state = _verifying.Pass(_verifying.Newest());

        state.Services["orders"].Should().Be(new ServiceState(SlotName.Green, 2, RollbackTo: SlotName.Blue, RolledBack: false, null, null)
        {
            LastRelease = state.Newest().Id,
        });
        var release = state.Newest();
        (release.Status, release.SwitchedAt, release.Services[0].Generation, release.DrainStartedWith).Should().Be((ReleaseStatus.Draining, States.Now, 2L, 2L));
        state.Events.Select(it => it.Type).Should().Equal("created", "gatePassed", "switched");
        state.Audit[^1].Should().Match<AuditRecord>(entry => entry.Action == "switched" && entry.Actor == "gateway" && entry.Sequence == 2);
    }

    [Fact]
    public void Pass_ApprovalRequired_WaitsForIt()
    {
        var placed = States.Of("orders").Change().Place(Ordering.Cutover("orders") with { RequireApproval = true });

        var waiting = placed.Pass(placed.Newest());
        waiting.Newest().Status.Should().Be(ReleaseStatus.AwaitingApproval);
        waiting.Services.Should().Equal(placed.Services);

        var approved = ReleaseTransitions.Approve(waiting, waiting.Newest(), Ordering.Ci, process: null, States.Now);
        (approved.Newest().Status, approved.Newest().ApprovedBy).Should().Be((ReleaseStatus.Verifying, "ci"));
        approved.Newest().Gates.Should().BeEmpty("what was measured before the wait counts for nothing");

        approved.Pass(approved.Newest()).Services["orders"].Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public void Reject_SwitchesNothingAndSaysWhy()
    {
        var state = ReleaseTransitions.Reject(_verifying, _verifying.Newest(), Ordering.Gates(_verifying.Newest(), GateStatus.Failed), States.Now);

        state.Running.Should().BeEmpty();
        state.Services.Should().Equal(_verifying.Services);
        (state.Newest().Status, state.Newest().Detail, state.Newest().CompletedAt).Should().Be((ReleaseStatus.Rejected, "deepHealth of orders: found", States.Now));
        state.Newest().Gates.Should().ContainSingle().Which.Status.Should().Be(GateStatus.Failed);
    }

    [Fact]
    public void Abort_SwitchesNothing()
    {
        var state = ReleaseTransitions.Abort(_verifying, _verifying.Newest(), Ordering.Ci, States.Now);

        state.Newest().Status.Should().Be(ReleaseStatus.Aborted);
        state.Services.Should().Equal(_verifying.Services);
        state.Audit.Select(entry => (entry.Action, entry.Actor)).Should().Equal(("cutover", "ci"), ("aborted", "gateway"), ("abort", "ci"));
    }

    [Fact]
    public void Drained_BakesUnlessTheBakeIsOver()
    {
        var draining = _verifying.Pass(_verifying.Newest());

        var baking = draining.Drained(draining.Newest()).Newest();
        (baking.Status, baking.DrainedAt, baking.DrainStartedWith, baking.DrainAborted).Should().Be((ReleaseStatus.Baking, States.Now, 2L, 1L));
        draining.Drained(draining.Newest(), bakeIsOver: true).Newest().Status.Should().Be(ReleaseStatus.Succeeded);
    }

    // The bake is over, the drain is not: the old slot stays untouched until it is.
    [Fact]
    public void Finish_WhileDraining_EndsWithTheDrain()
    {
        var draining = _verifying.Pass(_verifying.Newest());

        var finished = ReleaseTransitions.Finish(draining, draining.Newest(), Ordering.Ci, States.Now);

        finished.Newest().Status.Should().Be(ReleaseStatus.Draining);
        finished.Drained(finished.Newest()).Newest().Status.Should().Be(ReleaseStatus.Succeeded);
    }

    [Fact]
    public void Finish_WhileBaking_EndsNow()
    {
        var baking = States.Of("orders").Change().Switched(ReleaseStatus.Baking);

        var finished = ReleaseTransitions.Finish(baking, baking.Newest(), Ordering.Ci, States.Now);

        finished.Newest().Status.Should().Be(ReleaseStatus.Succeeded);
        finished.Services["orders"].Should().Be(baking.Services["orders"] with { StandbySince = States.Now });
    }
}

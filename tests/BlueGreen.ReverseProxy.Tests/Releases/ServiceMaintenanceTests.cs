using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class ServiceMaintenanceTests
{
    private static readonly Maintenance Closed = new("back soon", 120);
    private static readonly ServiceOrder Order = new(Ordering.Ci, "ticket", IfMatch: null, IdempotencyKey: null, RequestHash: null);

    private readonly StateChange _open = States.Of("orders", "users").Change();

    [Fact]
    public void Begin_OfAnOpenService_ClosesItAndSaysSo()
    {
        var next = Decide(_open, Closed).Change!;

        next.Services["orders"].Maintenance.Should().Be(new MaintenanceState("back soon", 120, States.Now, "ci"));
        next.Services["orders"].Generation.Should().Be(2);
        next.Services["orders"].Active.Should().Be(SlotName.Blue);
        next.Services["users"].Should().BeSameAs(_open.Services["users"]);
        next.Events.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Type = "maintenanceBegun", Release = "", Services = new[] { "orders" } });
        next.Audit.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Action = "beginMaintenance", Result = "done", Actor = "ci", Reason = "ticket" });
    }

    [Fact]
    public void Begin_Again_ChangesNothing() => Decide(Decide(_open, Closed).Change!, Closed).Change.Should().BeNull();

    [Fact]
    public void Begin_WithAnotherMessage_ChangesItAndKeepsSinceWhen()
    {
        var closed = Decide(_open, Closed).Change!;

        var next = Decide(closed, Closed with { Message = "later" }, now: States.Now.AddHours(1)).Change!;

        next.Services["orders"].Maintenance.Should().Be(new MaintenanceState("later", 120, States.Now, "ci"));
        next.Events[^1].Type.Should().Be("maintenanceChanged");
    }

    [Fact]
    public void End_OfAClosedService_OpensIt()
    {
        var next = Decide(Decide(_open, Closed).Change!, wanted: null).Change!;

        next.Services["orders"].Maintenance.Should().BeNull();
        next.Events[^1].Type.Should().Be("maintenanceEnded");
        next.Audit[^1].Action.Should().Be("endMaintenance");
    }

    [Fact]
    public void End_OfAnOpenService_ChangesNothing() => Decide(_open, wanted: null).Change.Should().BeNull();

    [Fact]
    public void Begin_OfAGenerationThatIsGone_IsRefused() =>
        Decide(_open, Closed, Order with { IfMatch = 7 }).Result!.Code.Should().Be(ProblemCodes.StaleGeneration);

    // The call was answered, the answer was lost, and somebody has opened the service since: the second try must not close it again.
    [Fact]
    public void Begin_AgainUnderItsKeyAfterTheEnd_ChangesNothing()
    {
        var order = Order with { IdempotencyKey = "key", RequestHash = "hash" };
        var closed = Decide(_open, Closed, order).Change!;
        var opened = Decide(closed, wanted: null).Change!;
        var committed = new Committed(opened.State, new RecentRecords().Apply(closed).Apply(opened));

        ServiceMaintenance.Decide(committed, "orders", Closed, order, States.Now).Should().Be(new Decision<Refusal?>(null, null));
        ServiceMaintenance.Decide(committed, "orders", Closed, order with { RequestHash = "other" }, States.Now).Result!.Code.Should().Be(ProblemCodes.IdempotencyMismatch);
    }

    [Fact]
    public void Begin_KeepsTheBaselineThatWasCarriedOver()
    {
        var carried = new CarriedBaseline(SlotName.Blue, 1, null!);
        var state = _open.With("orders", orders => orders with { Baseline = carried });

        Decide(state, Closed).Change!.Services["orders"].Baseline!.Generation.Should().Be(2, "it is of the same deployment");
    }

    [Fact]
    public void Begin_DuringARelease_LeavesTheReleaseAlone()
    {
        var running = _open.Place(Ordering.Cutover("orders"));

        var next = Decide(running, Closed).Change!;

        next.Running.Should().Equal(running.Running);
        var switched = next.Pass(next.Running[0]);
        switched.Services["orders"].Active.Should().Be(SlotName.Green);
        switched.Services["orders"].Maintenance.Should().NotBeNull("the release has nothing to do with it");
    }

    private static Decision<Refusal?> Decide(StateChange state, Maintenance? wanted, ServiceOrder? order = null, DateTimeOffset? now = null) =>
        ServiceMaintenance.Decide(new Committed(state.State, new RecentRecords().Apply(state)), "orders", wanted, order ?? Order, now ?? States.Now);
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Releases.Holding;

public sealed class HoldStepTests : IDisposable
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Cutover_NothingInFlight_SwitchesExclusively()
    {
        await using var running = Run();

        var id = await running.PlaceAsync(Exclusive());

        var release = await running.UntilAsync(id, ReleaseStatus.Baking);
        running.Active.Should().Be(SlotName.Green);
        release.Hold.Should().BeEquivalentTo(new { Exclusive = true, Held = 0L, Refused = 0L });
        release.Gates.Should().ContainSingle(gate => gate.Name == "hold").Which.Status.Should().Be(GateStatus.Passed);
        running.State.Snapshot.EventsOf(id).Select(entry => entry.Type).Should().ContainInOrder("holdBegun", "gatePassed", "switched");
    }

    // Requests on the standby too: a drain before may have left one there that has not ended.
    [Theory]
    [InlineData(SlotName.Blue)]
    [InlineData(SlotName.Green)]
    public async Task Cutover_RequestInFlightOnEitherSlot_HoldsUntilItHasEnded(SlotName slot)
    {
        await using var running = Run();
        running.Orders[slot].InFlight.Increment();

        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        var waiting = Enter(running);
        await _time.UntilWaitedForAsync(Ten);
        running.Active.Should().Be(SlotName.Blue);
        waiting.Outcome.IsCompleted.Should().BeFalse();
        running.Orders[slot].InFlight.Decrement();

        var release = await running.UntilAsync(id, ReleaseStatus.Baking);
        release.Hold.Should().BeEquivalentTo(new { Exclusive = true, Held = 1L });
        (await waiting.Outcome.WaitAsync(TestTime.Limit)).Should().Be(HoldOutcome.Released);
        running.Active.Should().Be(SlotName.Green);
    }

    // Of whatever kind: a stream or a preview is work of that version too.
    [Theory]
    [InlineData(nameof(WorkKind.Stream))]
    [InlineData(nameof(WorkKind.Upgrade))]
    public async Task Cutover_LongLivedInFlight_IsWaitedFor(string kind)
    {
        await using var running = Run();
        var counter = running.Orders.Blue.InFlight;
        counter.Increment();
        counter.Move(Purpose.Serve, WorkKind.Request, Enum.Parse<WorkKind>(kind));

        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        await _time.UntilWaitedForAsync(Ten);
        counter.Decrement(Purpose.Serve, Enum.Parse<WorkKind>(kind));

        (await running.UntilAsync(id, ReleaseStatus.Baking)).Hold!.Exclusive.Should().BeTrue();
    }

    [Theory]
    [InlineData(nameof(Purpose.Preview))]
    [InlineData(nameof(Purpose.Mirror))]
    public async Task Cutover_PreviewOrMirrorInFlight_IsEndedAndWaitedFor(string purpose)
    {
        await using var running = Run();
        var counter = running.Orders.Green.InFlight;
        counter.Increment(Enum.Parse<Purpose>(purpose));
        var round = running.Orders.Green.Previews.Current;

        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        await _time.UntilWaitedForAsync(TimeSpan.FromMilliseconds(10));
        if (purpose == nameof(Purpose.Preview))
        {
            running.Orders.Green.Previews.Current.Should().NotBeSameAs(round, "those that have begun were told to end");
        }

        running.StatusOf(id).Should().Be(ReleaseStatus.Holding);
        counter.Decrement(Enum.Parse<Purpose>(purpose));
        _time.Advance(TimeSpan.FromMilliseconds(10));
        await running.UntilAsync(id, ReleaseStatus.Draining, ReleaseStatus.Baking);

        running.State.Find(id)!.Hold!.Exclusive.Should().BeTrue();
    }

    [Fact]
    public async Task Timeout_Abort_RejectsAndLetsTheRequestsGoOnToTheOldSlot()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        var waiting = Enter(running);
        await _time.UntilWaitedForAsync(Ten);

        _time.Advance(Ten);

        var release = await running.UntilAsync(id, ReleaseStatus.Rejected);
        release.Detail.Should().Be("hold: after 10 s still in flight: 1 request on blue of orders");
        release.Hold.Should().BeEquivalentTo(new { Exclusive = (bool?)null, Seconds = 10.0, Held = 1L });
        release.Gates.Should().ContainSingle(gate => gate.Name == "hold").Which.Status.Should().Be(GateStatus.Failed);
        (await waiting.Outcome.WaitAsync(TestTime.Limit)).Should().Be(HoldOutcome.Released);
        Acquire(running).Slot.Name.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Timeout_Switch_SwitchesAndSaysThatItWasNotExclusive()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        var id = await running.PlaceAsync(Exclusive(HoldTimeoutAction.Switch));
        await running.UntilAsync(id, ReleaseStatus.Holding);
        await _time.UntilWaitedForAsync(Ten);

        _time.Advance(Ten);

        var release = await running.UntilAsync(id, ReleaseStatus.Draining);
        release.Hold!.Exclusive.Should().BeFalse();
        release.DrainStartedWith.Should().Be(1);
        Acquire(running).Slot.Name.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task IgnoreStreams_StreamInFlight_SwitchesAndSaysThatItWasNotExclusive()
    {
        await using var running = Run();
        var counter = running.Orders.Blue.InFlight;
        counter.Increment();
        counter.Move(Purpose.Serve, WorkKind.Request, WorkKind.Stream);

        var id = await running.PlaceAsync(Exclusive(streams: HoldStreams.Ignore));

        var release = await running.UntilAsync(id, ReleaseStatus.Draining);
        release.Hold!.Exclusive.Should().BeFalse();
        release.DrainStartedWith.Should().Be(1);
    }

    [Fact]
    public async Task Abort_WhileHolding_LetsTheRequestsGoOnToTheOldSlot()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        var waiting = Enter(running);

        await running.Engine.AbortAsync(id, Ordering.Ci);

        running.StatusOf(id).Should().Be(ReleaseStatus.Aborted);
        (await waiting.Outcome.WaitAsync(TestTime.Limit)).Should().Be(HoldOutcome.Released);
        Acquire(running).Slot.Name.Should().Be(SlotName.Blue);
        running.Orders.Held.Keeps(HoldOf(id)).Should().BeTrue("the table says that there is no hold, and nothing else has to");
    }

    [Fact]
    public async Task Rollback_WhileHolding_EndsTheCutoverAndLetsTheRequestsGo()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        var waiting = Enter(running);

        var outcome = await running.Engine.PlaceAsync(Ordering.Rollback("orders"));

        outcome.Existing!.Id.Should().Be(id);
        running.StatusOf(id).Should().Be(ReleaseStatus.Aborted);
        (await waiting.Outcome.WaitAsync(TestTime.Limit)).Should().Be(HoldOutcome.Released);
    }

    // The other services' requests wait for the slowest one, and all of them switch in one step.
    [Fact]
    public async Task Group_OneServiceIsBusy_HoldsAllAndSwitchesAllAtOnce()
    {
        await using var running = Run("orders", "users");
        running.Orders.Blue.InFlight.Increment();
        var id = await running.PlaceAsync(Exclusive("orders", "users"));
        await running.UntilAsync(id, ReleaseStatus.Holding);
        await _time.UntilWaitedForAsync(Ten);
        running.ActiveOf("users").Should().Be(SlotName.Blue);

        running.Orders.Blue.InFlight.Decrement();

        await running.UntilAsync(id, ReleaseStatus.Baking);
        new[] { running.ActiveOf("orders"), running.ActiveOf("users") }.Should().AllBeEquivalentTo(SlotName.Green);
    }

    // The next process can't know what was in flight at the last one, whose clients are gone.
    [Fact]
    public async Task Restart_WhileHolding_FailsAndSwitchesNothing()
    {
        string id;
        await using (var first = Run())
        {
            first.Orders.Blue.InFlight.Increment();
            id = await first.PlaceAsync(Exclusive());
            await first.UntilAsync(id, ReleaseStatus.Holding);
        }

        await using var again = Run();
        await again.StartAsync();

        var release = await again.UntilAsync(id, ReleaseStatus.Failed);
        release.Detail.Should().Be("the gateway stopped while requests were held; nothing was switched");
        Acquire(again).Slot.Name.Should().Be(SlotName.Blue);
    }

    // A process that has handed over still drains, and its requests are in no count of this one.
    [Fact]
    public async Task Predecessor_StillDrains_IsWaitedFor()
    {
        await using var running = Run();
        var options = Support.Services.Options("orders");
        using var predecessor = new LeavingLock(options with { State = options.State with { Directory = _folder.Path } }, NullLogger<LeavingLock>.Instance);
        predecessor.Take();

        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        await _time.UntilWaitedForAsync(TimeSpan.FromMilliseconds(50));
        running.Active.Should().Be(SlotName.Blue);
        predecessor.Dispose();
        _time.Advance(TimeSpan.FromMilliseconds(50));

        (await running.UntilAsync(id, ReleaseStatus.Draining, ReleaseStatus.Baking)).Hold!.Exclusive.Should().BeTrue();
    }

    [Fact]
    public async Task Predecessor_DrainsForLonger_IsATimeout()
    {
        await using var running = Run();
        var options = Support.Services.Options("orders");
        using var predecessor = new LeavingLock(options with { State = options.State with { Directory = _folder.Path } }, NullLogger<LeavingLock>.Instance);
        predecessor.Take();
        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        await _time.UntilWaitedForAsync(TimeSpan.FromMilliseconds(50));

        _time.Advance(Ten);

        (await running.UntilAsync(id, ReleaseStatus.Rejected)).Detail.Should().Contain("another gateway process still drains its requests");
    }

    // The queue lets go by itself when nobody decides; a slot may be at work again, so the release must not claim that it was exclusive.
    [Fact]
    public async Task Switch_RequestsWereLetGoMeanwhile_IsNotAttempted()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        var id = await running.PlaceAsync(Exclusive());
        await running.UntilAsync(id, ReleaseStatus.Holding);
        await _time.UntilWaitedForAsync(Ten);

        running.Orders.Held.End(id);
        running.Orders.Blue.InFlight.Decrement();

        (await running.UntilAsync(id, ReleaseStatus.Failed)).SwitchedAt.Should().BeNull();
        running.Active.Should().Be(SlotName.Blue);
    }

    private static ReleaseOrder Exclusive(params string[] services) =>
        Ordering.Cutover(services) with { Hold = new ReleaseHoldState(10, 1000, HoldTimeoutAction.Abort, HoldStreams.Wait) };

    private static ReleaseOrder Exclusive(HoldTimeoutAction onTimeout = HoldTimeoutAction.Abort, HoldStreams streams = HoldStreams.Wait) =>
        Ordering.Cutover("orders") with { Hold = new ReleaseHoldState(10, 1000, onTimeout, streams) };

    private static Hold HoldOf(string id) => new(id, 1000, Ten, default, IsOfRelease: true);

    private static HeldRequest Enter(Running running)
    {
        var row = running.Route("orders");
        running.Orders.Held.TryEnter(row.Hold!, out var request).Should().BeTrue();
        return request!;
    }

    private static SlotLease Acquire(Running running)
    {
        RequestKey none = default;
        var table = running.Tables.Current;
        return new SlotSelector(running.Tables, running.Time).Acquire(running.Orders, ref table, ref none, Purpose.Serve)!;
    }

    private Running Run(params string[] services) => new(_folder.Path, _time, services);
}

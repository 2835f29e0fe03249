using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

public sealed class ReleaseRunnerTests : IDisposable
{
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(900);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Cutover_NothingInFlight_SwitchesDrainsBakesAndSucceeds()
    {
        await using var running = Run();

        var id = await running.CutoverAsync();
        await running.UntilAsync(id, ReleaseStatus.Baking);
        running.Active.Should().Be(SlotName.Green);
        await running.Time.UntilWaitedForAsync(Bake);

        running.Time.Advance(Bake - Moment);
        running.StatusOf(id).Should().Be(ReleaseStatus.Baking);
        running.Time.Advance(Moment);

        (await running.UntilAsync(id, ReleaseStatus.Succeeded)).CompletedAt.Should().Be(running.Time.GetUtcNow());
    }

    // The clock of the machine is a day off after each look at it, one way or the other.
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Deadlines_ClockSteps_StayWhereTheyAre(int days)
    {
        await using var running = Run(new ManualTime { StepAtEachLook = TimeSpan.FromDays(days) });
        running.Orders.Blue.InFlight.Increment();

        var id = await running.CutoverAsync();
        await running.Time.UntilWaitedForAsync(Drain);
        running.Time.StepClock(TimeSpan.FromDays(days));
        running.Time.Advance(Drain - Moment);
        running.Orders.Blue.Drain.IsRaised.Should().BeFalse();
        var raised = RaisedAsync(running.Orders.Blue.Drain.Token);
        running.Time.Advance(Moment);
        await raised.WaitAsync(TestTime.Limit);

        running.Orders.Blue.InFlight.Decrement();
        await running.UntilAsync(id, ReleaseStatus.Baking);
        await running.Time.UntilWaitedForAsync(Bake - Drain);
        running.Time.StepClock(TimeSpan.FromDays(days));
        running.Time.Advance(Bake - Drain - Moment);
        running.StatusOf(id).Should().Be(ReleaseStatus.Baking);
        running.Time.Advance(Moment);
        await running.UntilAsync(id, ReleaseStatus.Succeeded);
    }

    [Fact]
    public async Task Drain_RequestsInFlight_WaitsForTheLastOne()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        running.Orders.Blue.InFlight.Increment();

        var id = await running.CutoverAsync();
        await running.Time.UntilWaitedForAsync(Drain);
        running.Orders.Blue.InFlight.Decrement();
        running.StatusOf(id).Should().Be(ReleaseStatus.Draining);
        running.Orders.Blue.InFlight.Decrement();

        var release = await running.UntilAsync(id, ReleaseStatus.Baking);
        (release.DrainStartedWith, release.DrainAborted).Should().Be((2L, 0L));
    }

    [Fact]
    public async Task Drain_Deadline_CancelsTheOldSlotAlone()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        var id = await running.CutoverAsync();
        await running.Time.UntilWaitedForAsync(Drain);
        var (old, active) = (running.Orders.Blue.Drain, running.Orders.Green.Drain);

        running.Time.Advance(Drain);
        await RaisedAsync(old.Token).WaitAsync(TestTime.Limit);
        active.IsRaised.Should().BeFalse();
        running.StatusOf(id).Should().Be(ReleaseStatus.Draining, "what was cancelled has not left yet");
        old.CountAborted();
        running.Orders.Blue.InFlight.Decrement();

        (await running.UntilAsync(id, ReleaseStatus.Baking)).DrainAborted.Should().Be(1);
    }

    // Something of a host's own may hold a lease and ignore that it was cancelled; that must not block releases until the next restart.
    [Fact]
    public async Task Drain_CancellationIsIgnored_EndsAndSaysWhatIsLeft()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        var id = await running.CutoverAsync();
        await running.Time.UntilWaitedForAsync(Drain);
        running.Time.Advance(Drain);
        await running.Time.UntilWaitedForAsync(TimeSpan.FromSeconds(10));
        running.StatusOf(id).Should().Be(ReleaseStatus.Draining);

        running.Time.Advance(TimeSpan.FromSeconds(10));
        await running.UntilAsync(id, ReleaseStatus.Baking);

        running.State.Snapshot.EventsOf(id).Should().ContainSingle(entry => entry.Type == "drained").Which.Detail.Should().Contain("1 has not ended all the same");
        running.Orders.Blue.InFlight.Count.Should().Be(1, "what is in flight still counts");
    }

    // The slot that was draining takes traffic again; the deadline of its drain is no more.
    [Fact]
    public async Task Rollback_WhileDraining_SparesTheSlotThatIsActiveAgain()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        running.Orders.Green.InFlight.Increment();
        var cutover = await running.CutoverAsync();
        await running.Time.UntilWaitedForAsync(Drain);

        var rollback = await running.PlaceAsync(Ordering.Rollback("orders") with { DrainSeconds = 400 });
        await running.UntilAsync(cutover, ReleaseStatus.RolledBack);
        await running.Time.UntilWaitedForAsync(TimeSpan.FromSeconds(400));
        running.Active.Should().Be(SlotName.Blue);
        running.Time.Advance(TimeSpan.FromSeconds(400));
        await RaisedAsync(running.Orders.Green.Drain.Token).WaitAsync(TestTime.Limit);

        running.Orders.Blue.Drain.IsRaised.Should().BeFalse();
        running.Orders.Green.InFlight.Decrement();
        await running.UntilAsync(rollback, ReleaseStatus.Succeeded);
    }

    [Fact]
    public async Task Approval_GivenOrRefused_DecidesOnTheSwitch()
    {
        await using var running = Run();
        var first = await running.PlaceAsync(Ordering.Cutover("orders") with { RequireApproval = true });
        await running.UntilAsync(first, ReleaseStatus.AwaitingApproval);
        await running.Engine.AbortAsync(first, Ordering.Ci);
        running.Active.Should().Be(SlotName.Blue);

        var second = await running.PlaceAsync(Ordering.Cutover("orders") with { RequireApproval = true });
        await running.UntilAsync(second, ReleaseStatus.AwaitingApproval);
        await running.Engine.ApproveAsync(second, Ordering.Boss);
        await running.UntilAsync(second, ReleaseStatus.Baking);
        running.Active.Should().Be(SlotName.Green);

        await running.Engine.FinishAsync(second, Ordering.Ci);
        running.StatusOf(second).Should().Be(ReleaseStatus.Succeeded);
    }

    [Fact]
    public async Task Switch_DiskFull_FailsWithNothingSwitched()
    {
        await using var running = Run();
        var id = await running.PlaceAsync(Ordering.Cutover("orders") with { RequireApproval = true });
        await running.UntilAsync(id, ReleaseStatus.AwaitingApproval);

        // The approval is the last thing that the disk takes: the commit of it has this done before the runner can go on.
        running.State.Subscribe((_, _) => _folder.MakeFull("state.json.tmp"));
        await running.Engine.ApproveAsync(id, Ordering.Boss);
        await running.UnstorableAsync(id).WaitAsync(TestTime.Limit);
        running.Active.Should().Be(SlotName.Blue);
        running.State.Current.Services["orders"].Generation.Should().Be(1);

        File.Delete(_folder["state.json.tmp"]);
        await running.Time.PassUntilAsync(running.UntilAsync(id, ReleaseStatus.Failed));
        running.Active.Should().Be(SlotName.Blue);
    }

    // After the switch the record waits for the disk; the requests do not.
    [Fact]
    public async Task Drained_DiskFull_IsRepeatedUntilStored()
    {
        await using var running = Run();
        running.Orders.Blue.InFlight.Increment();
        var id = await running.CutoverAsync();
        await running.Time.UntilWaitedForAsync(Drain);
        _folder.MakeFull("state.json.tmp");

        running.Orders.Blue.InFlight.Decrement();
        await running.Time.UntilWaitedForOtherThanAsync(Drain);
        running.StatusOf(id).Should().Be(ReleaseStatus.Draining);
        running.Active.Should().Be(SlotName.Green);

        File.Delete(_folder["state.json.tmp"]);

        // Not "until baking": the time that passes for the store passes for the bake too, which may be over before it is looked at.
        await running.Time.PassUntilAsync(running.State.WaitUntilAsync(_ => running.State.Find(id)!.DrainedAt is not null, CancellationToken.None));
    }

    private Running Run(ManualTime? time = null) => new(_folder.Path, time ?? new ManualTime());

    private static Task RaisedAsync(CancellationToken token)
    {
        var raised = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(raised.SetResult);
        return raised.Task;
    }
}

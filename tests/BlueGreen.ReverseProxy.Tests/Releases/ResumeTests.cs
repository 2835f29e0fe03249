using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>The next process takes up what the last one left: all that it has is the committed state and the time of day.</summary>
public sealed class ResumeTests : IDisposable
{
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(900);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 0, 900)]
    [InlineData(100, 0, 800)]
    [InlineData(100, 86400, 800)]
    [InlineData(100, -86400, 800)]
    public async Task Restart_WhileBaking_WaitsForWhatNoGatewayHasCounted(int counted, int clockMoved, int left)
    {
        var time = new ManualTime();
        var id = await LeaveBakingAsync(time, counted);
        time.StepClock(TimeSpan.FromSeconds(clockMoved));

        await using var again = new Running(_folder.Path, time);
        await again.StartAsync();

        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(left));
        again.StatusOf(id).Should().Be(ReleaseStatus.Baking);
        time.Advance(TimeSpan.FromSeconds(left));
        await again.UntilAsync(id, ReleaseStatus.Succeeded);
        again.Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Restart_AllOfTheBakeCounted_Succeeds()
    {
        var time = new ManualTime();
        var id = await LeaveBakingAsync(time, counted: (int)Bake.TotalSeconds);

        await using var again = new Running(_folder.Path, time);
        await again.StartAsync();

        await again.UntilAsync(id, ReleaseStatus.Succeeded);
    }

    // The configuration no longer has the service: the switch stays, and the record says that nobody watched its end.
    [Fact]
    public async Task Restart_ServiceRemovedWhileBaking_IsAbandoned()
    {
        var id = await LeaveBakingAsync(new ManualTime(), counted: 0);

        await using var again = new Running(_folder.Path, new ManualTime(), "users");
        await again.StartAsync();

        var release = await again.UntilAsync(id, ReleaseStatus.Abandoned);
        release.SwitchedAt.Should().NotBeNull();
        release.Services.Should().ContainSingle().Which.Outcome.Should().Be(ServiceOutcomes.Removed);
        release.Detail.Should().Contain("orders: no longer configured");
    }

    [Fact]
    public async Task Restart_OneServiceOfAGroupRemovedWhileBaking_GoesOnForTheOthers()
    {
        var time = new ManualTime();
        string id;
        await using (var first = new Running(_folder.Path, time, "orders", "users"))
        {
            id = await first.PlaceAsync(Ordering.Cutover("orders", "users"));
            await first.UntilAsync(id, ReleaseStatus.Baking);
        }

        await using var again = new Running(_folder.Path, time, "users");
        await again.StartAsync();
        await time.UntilWaitedForAsync(Bake);
        again.State.Find(id)!.Services.Select(service => service.Outcome).Should().Equal(ServiceOutcomes.Removed, null);
        time.Advance(Bake);

        await again.UntilAsync(id, ReleaseStatus.Succeeded);
    }

    // What was in flight on the old slot ended with the process.
    [Fact]
    public async Task Restart_WhileDraining_IsDrained()
    {
        string id;
        var time = new ManualTime();
        await using (var first = new Running(_folder.Path, time))
        {
            first.Orders.Blue.InFlight.Increment();
            id = await first.CutoverAsync();
            await first.UntilAsync(id, ReleaseStatus.Draining);
        }

        await using var again = new Running(_folder.Path, time);
        await again.StartAsync();

        (await again.UntilAsync(id, ReleaseStatus.Baking)).DrainStartedWith.Should().Be(1);
        again.Active.Should().Be(SlotName.Green);
    }

    // What was measured is gone with the process that measured it.
    [Fact]
    public async Task Restart_WhileVerifying_FailsWithNothingSwitched()
    {
        string id;
        using (var before = new OpenState(_folder.Path, "orders"))
        {
            await before.ChangeAsync(change => change.Place(Ordering.Cutover("orders")));
            id = before.State.Current.Running[0].Id;
        }

        await using var again = new Running(_folder.Path, new ManualTime());
        await again.StartAsync();

        await again.UntilAsync(id, ReleaseStatus.Failed);
        again.Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Restart_WhileAwaitingApproval_EndsNothing()
    {
        var id = await LeaveAwaitingApprovalAsync();

        await using (var again = new Running(_folder.Path, new ManualTime()))
        {
            await again.StartAsync();
        }

        using var last = new OpenState(_folder.Path, "orders");
        last.State.Find(id)!.Status.Should().Be(ReleaseStatus.AwaitingApproval);
    }

    // Approved in the moment between the start of the gateway and the runner's first look at the release.
    [Fact]
    public async Task Restart_ApprovedBeforeTheRunnerLooks_Switches()
    {
        var id = await LeaveAwaitingApprovalAsync();

        await using var again = new Running(_folder.Path, new ManualTime());
        await again.Engine.ApproveAsync(id, Ordering.Boss);
        await again.StartAsync();

        await again.State.WaitUntilAsync(_ => again.StatusOf(id) is not ReleaseStatus.Verifying, CancellationToken.None).WaitAsync(TestTime.Limit);
        again.StatusOf(id).Should().NotBe(ReleaseStatus.Failed);
    }

    private async Task<string> LeaveAwaitingApprovalAsync()
    {
        await using var first = new Running(_folder.Path, new ManualTime());
        var id = await first.PlaceAsync(Ordering.Cutover("orders") with { RequireApproval = true });
        await first.UntilAsync(id, ReleaseStatus.AwaitingApproval);
        return id;
    }

    private async Task<string> LeaveBakingAsync(ManualTime time, int counted)
    {
        await using var first = new Running(_folder.Path, time);
        var id = await first.CutoverAsync();
        var baking = await first.UntilAsync(id, ReleaseStatus.Baking);

        // What the guard of the bake stores now and then.
        await first.State.CommitAsync(committed => new Decision<bool>(
            BakeTransitions.Checkpoint(committed.Change(), baking, [], TimeSpan.FromSeconds(counted)), true));
        return id;
    }
}

using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>
/// kill -9 at every committed step of a release, then a restart: each row of the table in
/// docs/decisions/0007-crash-at-every-step.md. What holds a release at its step is the outside world, so no step is hurried past.
/// </summary>
public sealed class KillStepTests
{
    [Fact]
    public async Task Kill_WhileDeepHealthIsMeasured_ReleaseFailsAndNothingIsSwitched()
    {
        await using var fleet = await Fleet.StartAsync();
        fleet.Green.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        var id = (await fleet.Admin.CutoverAsync(wait: null)).Release.Id;

        await fleet.RestartAfterKillAsync();

        await AssertEndedAsync(fleet, id, ReleaseStatus.Failed, SlotName.Blue, generation: 1);
    }

    [Fact]
    public async Task Kill_WhileAPreSwitchHookWorks_ReleaseFailsAndNothingIsSwitched()
    {
        await using var receiver = await HookReceiver.StartAsync();
        receiver.Answer = (context, _, _) =>
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            context.Response.Headers.RetryAfter = "60";
            return Task.CompletedTask;
        };
        await using var fleet = await Fleet.StartAsync(configuration => configuration["BlueGreen"]!["Hooks"] = new JsonObject { ["ci"] = receiver.Hook("preSwitch") });
        var id = (await fleet.Admin.CutoverAsync(wait: null)).Release.Id;
        await receiver.UntilAsync(calls => calls.Count == 1);

        await fleet.RestartAfterKillAsync();

        await AssertEndedAsync(fleet, id, ReleaseStatus.Failed, SlotName.Blue, generation: 1);
    }

    [Fact]
    public async Task Kill_WhileApprovalIsAwaited_StillWaitsAndSwitchesWhenApproved()
    {
        await using var fleet = await Fleet.StartAsync();
        var id = (await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: null)).Release.Id;
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);

        await fleet.RestartAfterKillAsync();

        (await fleet.Admin.StatusAsync()).Release!.Status.Should().Be(ReleaseStatus.AwaitingApproval);
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/approve")).Status.Should().Be(200);
        await AssertEndedAsync(fleet, id, ReleaseStatus.Succeeded, SlotName.Green, generation: 2);
    }

    [Fact]
    public async Task Kill_AfterTheApprovalWhileVerifyingAgain_ReleaseFailsAndNothingIsSwitched()
    {
        await using var fleet = await Fleet.StartAsync();
        var id = (await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: null)).Release.Id;
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);
        fleet.Green.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await fleet.Admin.PostAsync($"/v1/releases/{id}/approve");

        await fleet.RestartAfterKillAsync();

        await AssertEndedAsync(fleet, id, ReleaseStatus.Failed, SlotName.Blue, generation: 1);
    }

    [Fact]
    public async Task Kill_WhileDraining_GoesOnAndSucceedsWithTheCountItStartedWith()
    {
        await using var fleet = await Fleet.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var slow = client.GetAsync("/orders/gate/never");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;

        await fleet.RestartAfterKillAsync();

        await AssertEndedAsync(fleet, id, ReleaseStatus.Succeeded, SlotName.Green, generation: 2);
        (await fleet.Admin.ReleaseAsync(id)).Drain!.StartedWith.Should().Be(1);
        await ((Func<Task>)(() => slow)).InvokeQuietlyAsync();
    }

    [Fact]
    public async Task Kill_WhileBaking_GoesOnWithTheTimeLeftAndCanBeRolledBack()
    {
        await using var fleet = await Fleet.StartAsync();
        var id = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, until: "drained")).Release.Id;

        await fleet.RestartAfterKillAsync();

        (await fleet.Admin.StatusAsync()).Release!.Status.Should().Be(ReleaseStatus.Baking);
        (await fleet.Admin.RollbackAsync(until: "completed")).Status.Should().Be(200);
        await AssertEndedAsync(fleet, id, ReleaseStatus.RolledBack, SlotName.Blue, generation: 3);
    }

    [Fact]
    public async Task Kill_WhileARollbackIsVerified_RollbackFailsAndTheReleaseGoesOn()
    {
        await using var fleet = await Fleet.StartAsync();
        var id = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, until: "drained")).Release.Id;
        fleet.Blue.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        var rollback = (await fleet.Admin.RollbackAsync(wait: null)).Release.Id;

        await fleet.RestartAfterKillAsync();

        await fleet.Admin.UntilAsync(status => status.Release?.Id == id);
        (await fleet.Admin.ReleaseAsync(rollback)).Status.Should().Be(ReleaseStatus.Failed);
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Green, Generation = 2 });
        (await fleet.Admin.ReleaseAsync(id)).Status.Should().Be(ReleaseStatus.Baking);
    }

    [Fact]
    public async Task Kill_WhileARollbackDrains_RollbackSucceeds()
    {
        await using var fleet = await Fleet.StartAsync();
        var cutover = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 })).Release.Id;
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var slow = client.GetAsync("/orders/gate/never");
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Total == 1);
        var rollback = (await fleet.Admin.RollbackAsync()).Release.Id;

        await fleet.RestartAfterKillAsync();

        await AssertEndedAsync(fleet, rollback, ReleaseStatus.Succeeded, SlotName.Blue, generation: 3);
        (await fleet.Admin.ReleaseAsync(cutover)).Status.Should().Be(ReleaseStatus.RolledBack);
        await ((Func<Task>)(() => slow)).InvokeQuietlyAsync();
    }

    [Fact]
    public async Task Kill_AfterTheEnd_ChangesNothing()
    {
        await using var fleet = await Fleet.StartAsync();
        var id = (await fleet.Admin.CutoverAsync(until: "completed")).Release.Id;

        await fleet.RestartAfterKillAsync();

        await AssertEndedAsync(fleet, id, ReleaseStatus.Succeeded, SlotName.Green, generation: 2);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases")).Json.GetArrayLength().Should().Be(1);
    }

    private static async Task AssertEndedAsync(Fleet fleet, string id, ReleaseStatus status, SlotName active, long generation)
    {
        await fleet.Admin.UntilNoReleaseAsync();
        var release = await fleet.Admin.ReleaseAsync(id);
        release.Status.Should().Be(status);
        (release.SwitchedAt is not null).Should().Be(status is ReleaseStatus.Succeeded or ReleaseStatus.RolledBack);
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = active, Generation = generation });
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        using var response = await client.GetAsync("/orders/x");
        response.Headers.GetValues("X-Environment").Should().Equal(active.ToText());
    }
}

using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Hooks against a receiver that answers, refuses, hangs, fails, dies.</summary>
public sealed class HookTests
{
    private static readonly string[] Informing = ["postSwitch", "drained", "succeeded", "rolledBack", "rejected", "decommission"];

    [Fact]
    public async Task Hooks_OfARelease_AreCalledInOrderSignedWithTheRelease()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, ["preSwitch", .. Informing]);

        var cutover = await fleet.Admin.CutoverAsync(until: "completed");

        cutover.Status.Should().Be(200, cutover.Body);
        cutover.Release.Gates.Should().ContainSingle(gate => gate.Name == "hook:ci").Which.Status.Should().Be(GateStatus.Passed);
        var calls = await receiver.UntilAsync(seen => seen.Count == 4);
        calls.Select(call => call.Event).Should().Equal("preSwitch", "postSwitch", "drained", "succeeded");
        calls.Should().OnlyContain(call => call.IsSigned);
        calls.Should().OnlyContain(call => call.Body.GetProperty("release").GetProperty("id").GetString() == cutover.Release.Id);
        calls.Select(call => call.Delivery).Should().OnlyHaveUniqueItems();
        calls[0].Body.GetProperty("release").GetProperty("status").GetString().Should().Be("verifying");
    }

    [Fact]
    public async Task PreSwitchHook_Refuses_RejectsTheReleaseWithWhatItSays()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, "preSwitch", "rejected");
        receiver.Answer = (context, name, _) =>
        {
            context.Response.StatusCode = name == "preSwitch" ? 422 : 204;
            return name == "preSwitch" ? context.Response.WriteAsync("the smoke test failed") : Task.CompletedTask;
        };

        var answer = await fleet.Admin.CutoverAsync();

        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Contain("hook:ci").And.Contain("status code 422: the smoke test failed");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
        (await receiver.UntilAsync(seen => seen.Count == 2))[1].Event.Should().Be("rejected");
    }

    [Theory]
    [InlineData("hangs", "no answer within 1 s")]
    [InlineData("dead", "refused")]
    public async Task PreSwitchHook_CantBeReached_RejectsTheRelease(string how, string reason)
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, "preSwitch");
        receiver.Answer = (context, _, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        if (how == "dead")
        {
            await receiver.StopAsync();
        }

        var answer = await fleet.Admin.CutoverAsync();

        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Contain(reason);
    }

    // A value that can't be read is no "yes".
    [Theory]
    [InlineData("0")]
    [InlineData("0.5")]
    [InlineData("soon")]
    [InlineData("")]
    public async Task PreSwitchHook_StillWorking_IsAskedAgainUntilItIsDone(string retryAfter)
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, "preSwitch");
        receiver.Answer = (context, _, number) =>
        {
            context.Response.StatusCode = number < 3 ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;
            context.Response.Headers["Retry-After"] = number < 3 ? new(retryAfter) : default;
            return Task.CompletedTask;
        };

        var answer = await fleet.Admin.CutoverAsync();

        answer.Status.Should().Be(200, answer.Body);
        receiver.Calls.Should().HaveCount(3);
        receiver.Calls.Select(call => call.Delivery).Distinct().Should().ContainSingle("it is one call that is repeated");
    }

    [Fact]
    public async Task InformingHook_FailsThenAnswers_IsRepeatedAndTheOrderIsKept()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, Informing);
        receiver.Answer = async (context, _, number) =>
        {
            switch (number)
            {
                case 1:
                    context.Response.StatusCode = 500;
                    break;
                case 2:
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                    break;
                default:
                    context.Response.StatusCode = 204;
                    break;
            }
        };

        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200, "an informing hook holds nothing up");

        var calls = await receiver.UntilAsync(seen => seen.Count == 5);
        calls.Select(call => call.Event).Should().Equal("postSwitch", "postSwitch", "postSwitch", "drained", "succeeded");
        calls.Take(3).Select(call => call.Delivery).Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task InformingHook_ReceiverAndGatewayDie_NothingIsLost()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartProcessAsync(receiver, Informing);
        await receiver.StopAsync();
        await fleet.Admin.CutoverAsync(until: "completed");
        await fleet.Admin.RollbackAsync(until: "completed");

        await fleet.RestartAfterKillAsync();
        await receiver.ComeBackAsync();

        var calls = await receiver.UntilAsync(seen => seen.Select(call => call.Delivery).Distinct().Count() == 6);
        calls.DistinctBy(call => call.Delivery).Select(call => call.Event)
            .Should().Equal("postSwitch", "drained", "succeeded", "postSwitch", "drained", "succeeded");
        await fleet.Admin.UntilAsync(_ => new StoredFolder(fleet.StateFolder).Waiting().Count == 0);
    }

    [Fact]
    public async Task InformingHook_RolledBackRelease_IsToldOfBoth()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, "rolledBack", "postSwitch");
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 });

        await fleet.Admin.RollbackAsync(until: "completed");

        var calls = await receiver.UntilAsync(seen => seen.Count == 3);
        calls.Select(call => (call.Event, call.Body.GetProperty("release").GetProperty("kind").GetString()))
            .Should().Equal(("postSwitch", "cutover"), ("postSwitch", "rollback"), ("rolledBack", "cutover"));
    }

    [Fact]
    public async Task Decommission_TimeAfterTheBake_IsCalledOnceForTheOldSlotAndShown()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartProcessAsync(receiver, ["decommission"], configuration => Fleet.Service(configuration)["Decommission"] = new JsonObject { ["After"] = "00:00:01" });
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 0.5 }, until: "completed");
        (await fleet.Admin.StatusAsync()).StandbyUse.DecommissionAt.Should().NotBeNull();

        var call = (await receiver.UntilAsync(seen => seen.Count == 1))[0];

        call.Event.Should().Be("decommission");
        call.Body.GetProperty("service").GetString().Should().Be("orders");
        call.Body.GetProperty("release").GetProperty("services")[0].GetProperty("from").GetString().Should().Be("blue");
        var status = await fleet.Admin.UntilAsync(later => later.StandbyUse.DecommissionedAt is not null);
        status.StandbyUse.DecommissionAt.Should().BeNull();
        status.StandbyUse.IdleSeconds.Should().BePositive();
        await fleet.RestartAfterKillAsync();
        await Task.Delay(TimeSpan.FromSeconds(2));
        receiver.Calls.Select(seen => seen.Delivery).Distinct().Should().ContainSingle("a call that was cut short is made again, but it is the same call");
    }

    [Fact]
    public async Task Decommission_RolledBackOrBakingMeanwhile_IsNotCalled()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, ["decommission"], configuration => Fleet.Service(configuration)["Decommission"] = new JsonObject { ["After"] = "00:00:00.5" });

        // Undecided, then rolled back: the slot that was left is a bad version's, and the one that is active must stay.
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 60 });
        await Task.Delay(TimeSpan.FromSeconds(1));
        await fleet.Admin.RollbackAsync(until: "completed");
        await Task.Delay(TimeSpan.FromSeconds(2));

        receiver.Calls.Should().BeEmpty();
        (await fleet.Admin.StatusAsync()).StandbyUse.DecommissionAt.Should().BeNull();
    }

    private static Task<Fleet> StartAsync(HookReceiver receiver, params string[] events) => StartAsync(receiver, events, null);

    private static Task<Fleet> StartAsync(HookReceiver receiver, string[] events, Action<JsonNode>? more) => Fleet.HostAsync(Configure(receiver, events, more));

    private static Task<Fleet> StartProcessAsync(HookReceiver receiver, string[] events, Action<JsonNode>? more = null) => Fleet.StartAsync(Configure(receiver, events, more));

    private static Action<JsonNode> Configure(HookReceiver receiver, string[] events, Action<JsonNode>? more) => configuration =>
    {
        configuration["BlueGreen"]!["Hooks"] = new JsonObject { ["ci"] = receiver.Hook(events) };
        more?.Invoke(configuration);
    };
}

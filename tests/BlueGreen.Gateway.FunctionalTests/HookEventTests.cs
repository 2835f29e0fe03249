using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What hooks are told of a release that does not end well, and what they are not told any more.</summary>
public sealed class HookEventTests
{
    private static readonly string[] Ends = ["succeeded", "rolledBack", "rejected", "aborted", "failed", "abandoned"];

    // A receiver that was away and comes back must not be told to take down what serves by now.
    [Theory]
    [InlineData("cutover")]
    [InlineData("deploy")]
    public async Task Decommission_SlotIsUsedAgainBeforeTheReceiverIsBack_IsNeverCalledForIt(string use)
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(
            receiver, ["decommission"], configuration => Fleet.Service(configuration)["Decommission"] = new JsonObject { ["After"] = "00:00:01" });
        await receiver.StopAsync();
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        await fleet.Admin.UntilAsync(status => status.StandbyUse.DecommissionedAt is not null);
        WaitingFor(fleet, "blue").Should().ContainSingle("the test is about a call that waits for its receiver");

        var used = use == "cutover"
            ? await fleet.Admin.CutoverAsync(new { to = "blue" }, until: "completed")
            : await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/blue", new { version = "1.1.0", destinations = new { b2 = new { address = fleet.Blue.Address } } });

        used.Status.Should().Be(200, used.Body);
        WaitingFor(fleet, "blue").Should().BeEmpty();
        if (use == "deploy")
        {
            (await fleet.Admin.CutoverAsync(new { to = "blue", force = true }, until: "completed")).Status.Should().Be(200);
        }

        await fleet.RestartAfterKillAsync();
        await fleet.Admin.UntilAsync(status => status.StandbyUse.DecommissionedAt is not null);
        await receiver.ComeBackAsync();

        // Calls of one hook come in the order of their events: with the one for green here, the one for blue is not to come.
        var call = (await receiver.UntilAsync(seen => seen.Count >= 1))[0];
        var status = await fleet.Admin.StatusAsync();
        receiver.Calls.Should().OnlyContain(seen => seen.Body.GetProperty("slot").GetString() == "green");
        call.Event.Should().Be("decommission");
        call.Body.GetProperty("service").GetString().Should().Be("orders");
        call.Body.GetProperty("generation").GetInt64().Should().Be(status.Generation);
        call.Body.GetProperty("destinations").EnumerateArray().Select(address => address.GetString()).Should().Equal(fleet.Green.Address);
        status.Active.Should().Be(SlotName.Blue);
    }

    // Time has passed since the first time: a receiver that keeps the ids it has seen must take this for a new question.
    [Fact]
    public async Task PreSwitchHook_AfterTheApproval_IsAskedAnewUnderAnotherId()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, ["preSwitch"]);
        var id = IdOf(await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: null));
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);

        (await fleet.Admin.PostAsync($"/v1/releases/{id}/approve")).Status.Should().Be(200);

        await fleet.Admin.UntilNoReleaseAsync();
        receiver.Calls.Select(call => call.Event).Should().Equal("preSwitch", "preSwitch");
        receiver.Calls.Select(call => call.Delivery).Should().OnlyHaveUniqueItems();
        (await fleet.Admin.ReleaseAsync(id)).Status.Should().Be(ReleaseStatus.Succeeded);
    }

    [Fact]
    public async Task Hooks_ReleasesThatAreAbortedFailOrAreAbandoned_AreToldOfEach()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await StartAsync(receiver, Ends, configuration => Fleet.AddService(configuration, "billing"));

        // Aborted: by somebody, before the switch.
        var aborted = IdOf(await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: null));
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);
        (await fleet.Admin.PostAsync($"/v1/releases/{aborted}/abort")).Status.Should().Be(200);
        await receiver.UntilAsync(calls => calls.Count == 1);

        // Failed: the gateway was killed while it measured.
        fleet.Green.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        var failed = IdOf(await fleet.Admin.CutoverAsync(wait: null));
        await fleet.RestartAfterKillAsync(isProcess: true);
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "healthy");
        await receiver.UntilAsync(calls => calls.DistinctBy(call => call.Delivery).Count() == 2);

        // Abandoned: switched, and then the service was taken out of the configuration.
        var abandoned = IdOf(await fleet.Admin.PostAsync("/v1/services/billing/cutover", new { force = true, bakeSeconds = 600 }, wait: 30));
        AdminSection.Rewrite(fleet, configuration => configuration["BlueGreen"]!["Services"]!.AsObject().Remove("billing"));
        await fleet.RestartAfterKillAsync();

        var calls = (await receiver.UntilAsync(seen => seen.DistinctBy(call => call.Delivery).Count() == 3)).DistinctBy(call => call.Delivery);
        calls.Select(call => (call.Event, call.Body.GetProperty("release").GetProperty("id").GetString()))
            .Should().Equal(("aborted", aborted), ("failed", failed), ("abandoned", abandoned));
        var release = await fleet.Admin.ReleaseAsync(abandoned);
        release.Should().BeEquivalentTo(new { Status = ReleaseStatus.Abandoned, Detail = "billing: no longer configured; the switch stays, nobody watched its end" });
        release.SwitchedAt.Should().NotBeNull();
        release.Services.Should().ContainSingle().Which.Outcome.Should().Be("removed");
        (await fleet.Admin.ReleaseAsync(failed)).SwitchedAt.Should().BeNull("failed says that nothing was switched");
    }

    private static string IdOf(AdminAnswer answer) => answer.Json.GetProperty("id").GetString()!;

    private static IEnumerable<JsonElement> WaitingFor(Fleet fleet, string slot) =>
        new StoredFolder(fleet.StateFolder).Waiting().Where(call => call.GetProperty("event").GetString() == "decommission" && call.GetProperty("slot").GetString() == slot);

    private static Task<Fleet> StartAsync(HookReceiver receiver, string[] events, Action<JsonNode>? more = null) => Fleet.StartAsync(configuration =>
    {
        configuration["BlueGreen"]!["Hooks"] = new JsonObject { ["ci"] = receiver.Hook(events) };
        more?.Invoke(configuration);
    });
}

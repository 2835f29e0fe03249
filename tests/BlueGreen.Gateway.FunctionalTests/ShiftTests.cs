using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Traffic that moves to the standby step by step, and back.</summary>
public sealed class ShiftTests
{
    // As many as make the share plain in a second; more with the variable: docs/shift/evidence.md has the figures of 10,000.
    private static readonly int Clients = int.TryParse(Environment.GetEnvironmentVariable("BLUEGREEN_CLIENTS"), out var count) ? count : 1000;
    private const string Old = "1.0.0";
    private const string New = "2.0.0";

    [Fact]
    public async Task Steps_OfManyClients_HoldTheShareAndNobodyGoesBack_UntilAllHaveMoved()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var traffic = new Clientele(fleet.Gateway.Url, Clients);

        var started = await fleet.Admin.CutoverAsync(Shift((1, 600), (10, 600), (50, 600)), until: "shifting");

        started.Status.Should().Be(200, started.Body);
        var id = started.Release.Id;
        started.Release.Status.Should().Be(ReleaseStatus.Shifting);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue, "the old slot is active until all of the traffic has moved");
        var seen = new HashSet<int>();
        foreach (var weight in new[] { 1, 10, 50 })
        {
            var now = await traffic.OnGreenAsync();
            seen.Should().BeSubsetOf(now, "a client that has seen the new version is not sent back");
            now.Count.Should().BeInRange((int)Lowest(weight), (int)Highest(weight), $"{weight} % is the weight");
            (await traffic.OnGreenAsync()).Should().BeEquivalentTo(now, "the same client gets the same slot");
            seen = now;
            (await fleet.Admin.ReleaseAsync(id)).Shift!.Services.Single().Share.Should().BeApproximately(100.0 * now.Count / Clients, 0.1);
            (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote")).Status.Should().Be(200);
        }

        (await traffic.OnGreenAsync()).Should().HaveCount(Clients);
        (await fleet.Admin.UntilNoReleaseAsync()).Active.Should().Be(SlotName.Green);
        var done = await fleet.Admin.ReleaseAsync(id);
        done.Status.Should().Be(ReleaseStatus.Succeeded);
        done.Shift.Should().BeEquivalentTo(new { Weight = 100.0, Key = "header:X-Client" });
        done.Events.Where(entry => entry.Type is "shifted" or "switched").Select(entry => entry.Detail).Should().Equal(
            "orders: 1 % to green; step 1 of 3", "orders: 10 % to green; step 2 of 3", "orders: 50 % to green; step 3 of 3", "orders: blue to green");
    }

    // Nothing but the state decides: a gateway that takes over, or one beside it, sends every client where the first one does.
    [Fact]
    public async Task TwoGateways_WithTheSameState_DecideTheSameForEveryClient()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        await BeginAsync(fleet, Shift((30, 600)));
        using var first = new Clientele(fleet.Gateway.Url, Clients);
        var moved = await first.OnGreenAsync();
        using var copy = new TemporaryFolder();
        Directory.CreateDirectory(copy.File("state"));
        File.Copy(fleet.StateFile, Path.Combine(copy.File("state"), "state.json"));

        await using var beside = await HostedGateway.StartAsync(fleet.ConfigFile, copy.Path);

        using var second = new Clientele(beside.Url, Clients);
        (await second.OnGreenAsync()).Should().BeEquivalentTo(moved);
        moved.Count.Should().BeInRange((int)Lowest(30), (int)Highest(30));
    }

    [Fact]
    public async Task Abort_InTheMiddle_SendsEverybodyBackAndDrainsTheNewSlot()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var traffic = new Clientele(fleet.Gateway.Url, 200);
        var id = await BeginAsync(fleet, Shift((50, 600)));
        var held = (await traffic.OnGreenAsync()).First();
        var inFlight = traffic.SendAsync(held, "/orders/gate/held");
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Requests == 1);

        var aborted = await fleet.Admin.PostAsync($"/v1/releases/{id}/abort");

        aborted.Status.Should().Be(200, aborted.Body);
        aborted.Release.Status.Should().Be(ReleaseStatus.Reverting);
        aborted.Release.Shift!.Reversal.Should().BeEquivalentTo(new { Weight = 50.0, Remaining = 1 });
        (await traffic.OnGreenAsync()).Should().BeEmpty();
        (await fleet.Admin.CutoverAsync(wait: null)).Code.Should().Be("release-in-progress");
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/abort")).Status.Should().Be(200, "it is what was asked for already");

        fleet.Green.Open("held");
        (await inFlight).Should().Be(New, "what is in flight may finish");
        await fleet.Admin.UntilNoReleaseAsync();
        var ended = await fleet.Admin.ReleaseAsync(id);
        ended.Status.Should().Be(ReleaseStatus.Aborted);
        ended.Detail.Should().Be("taken back at 50 %: aborted by anonymous");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
        (await fleet.Admin.RollbackAsync()).Status.Should().Be(200, "a rollback that is repeated finds nothing to do, and moves nobody");
        (await traffic.OnGreenAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task NewSlotFails_WhileTheOldOneDoesNot_IsTakenBackByItself()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        fleet.Green.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 400);
        var id = await BeginAsync(fleet, Shift((10, 600)));

        _ = await traffic.OnGreenAsync();

        await fleet.Admin.UntilNoReleaseAsync();
        var ended = await fleet.Admin.ReleaseAsync(id);
        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().StartWith("taken back at 10 %: orders: ").And.Contain("failed on green").And.Contain("evidence");
        (await fleet.Admin.CutoverAsync()).Code.Should().Be("gate-failed", "that version is known to be bad");
    }

    // What happens to the world happens to both slots.
    [Fact]
    public async Task BothSlotsFail_Alike_IsNotTakenBack()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        fleet.Green.Trouble = fleet.Blue.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 400);
        var id = await BeginAsync(fleet, Shift((50, 600)));

        _ = await traffic.OnGreenAsync();

        var shift = (await fleet.Admin.ReleaseAsync(id)).Shift!.Services.Single();
        shift.NewBad.Should().BeGreaterThan(100);
        shift.OldBad.Should().BeGreaterThan(100);
        shift.LnE.Should().BeLessThan(shift.Threshold);
        (await fleet.Admin.StatusAsync()).Release!.Status.Should().Be(ReleaseStatus.Shifting);
    }

    [Fact]
    public async Task Pause_KeepsTheWeight_ResumeGoesOn()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        var id = await BeginAsync(fleet, Shift((10, 0.2), (50, 600)));
        (await fleet.Admin.UntilAsync(status => status.Release!.Shift!.Weight == 50)).Release!.Shift!.NextAt.Should().NotBeNull();

        var paused = await fleet.Admin.PostAsync($"/v1/releases/{id}/pause");
        paused.Release.Shift.Should().BeEquivalentTo(new { PausedBy = "anonymous", Weight = 50.0 });
        paused.Release.Shift!.NextAt.Should().BeNull();
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/pause")).Status.Should().Be(200);

        var resumed = await fleet.Admin.PostAsync($"/v1/releases/{id}/resume");
        resumed.Release.Shift!.PausedBy.Should().BeNull();
        (await fleet.Admin.UntilAsync(status => status.Release!.Shift!.NextAt is not null)).Release!.Shift!.Weight.Should().Be(50);
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote?to=100")).Release.SwitchedAt.Should().NotBeNull();
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/pause")).Code.Should().Be("wrong-status");
    }

    [Fact]
    public async Task Promote_RepeatedWithItsKey_GoesOneStepOnly()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        var id = await BeginAsync(fleet, Shift((1, 600), (10, 600), (50, 600)));

        foreach (var _ in Enumerable.Range(0, 2))
        {
            var promoted = await fleet.Admin.PostAsync($"/v1/releases/{id}/promote", headers: ("Idempotency-Key", "one"));
            promoted.Release.Shift!.Weight.Should().Be(10);
        }

        (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote?to=50", headers: ("Idempotency-Key", "one"))).Code.Should().Be("idempotency-mismatch");
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote?to=5")).Release.Shift!.Weight.Should().Be(10, "so much is reached");
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote", headers: ("If-Match", "\"1\""))).Code.Should().Be("stale-generation");
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote?to=12.5")).Release.Shift!.Weight.Should().Be(12.5);
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote")).Release.Shift!.Weight.Should().Be(50);
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote?to=0.001")).Status.Should().Be(400);
    }

    [Fact]
    public async Task Kill9_InTheMiddle_GoesOnWithTheSameClientsOnTheNewSlot()
    {
        await using var fleet = await Fleet.StartAsync(ByHeader);
        string id;
        using (var before = new Clientele(fleet.Gateway.Url, 300))
        {
            id = await BeginAsync(fleet, Shift((20, 600), (50, 600)));
            var moved = await before.OnGreenAsync();

            await fleet.RestartAfterKillAsync();

            using var after = new Clientele(fleet.Gateway.Url, 300);
            (await after.OnGreenAsync()).Should().BeEquivalentTo(moved);
        }

        (await fleet.Admin.PostAsync($"/v1/releases/{id}/promote?to=100")).Status.Should().Be(200);
        (await fleet.Admin.UntilAsync(status => status.Release is not { Status: ReleaseStatus.Draining })).Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Cookie_OfAClient_KeepsItsSide()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Traffic(configuration)["Key"] = "cookie");
        var id = await BeginAsync(fleet, Shift((50, 600)));
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(fleet.Gateway.Url) };
        using var first = await client.GetAsync("/orders/x");
        var side = await first.Content.ReadAsStringAsync();

        var cookie = first.Headers.GetValues("Set-Cookie").Should().ContainSingle().Which;

        cookie.Should().StartWith($"bluegreen-shift.{id}=" + (side == New ? "new." : "old.")).And.Contain("HttpOnly").And.Contain("SameSite=Lax").And.NotContain("Secure");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/orders/headers") { Headers = { { "Cookie", $"a=1; {cookie.Split(';')[0]}; b=2" } } };
        using var second = await client.SendAsync(again);
        second.Headers.Contains("Set-Cookie").Should().BeFalse("it has what it needs");
        second.Headers.GetValues("X-Environment").Should().Equal(side == New ? "green" : "blue");
    }

    [Theory]
    [InlineData("""{ "shift": {} }""", "shift", "must have steps or byEvidence")]
    [InlineData("""{ "shift": [] }""", "shift", "must be a JSON object")]
    [InlineData("""{ "shift": { "steps": [] } }""", "shift.steps", "1 to 50 steps")]
    [InlineData("""{ "shift": { "steps": [ { "weight": 10, "forSeconds": 1 }, { "weight": 10, "forSeconds": 1 } ] } }""", "shift.steps", "grow")]
    [InlineData("""{ "shift": { "steps": [ { "weight": 0.001, "forSeconds": 1 } ] } }""", "shift.steps[0].weight", "from 0.01 to 100")]
    [InlineData("""{ "shift": { "steps": [ { "weight": 1.234, "forSeconds": 1 } ] } }""", "shift.steps", "two decimals")]
    [InlineData("""{ "shift": { "steps": [ { "forSeconds": 1 } ] } }""", "shift.steps[0].weight", "is missing")]
    [InlineData("""{ "shift": { "steps": [ { "weight": 1, "forSecond": 1 } ] } }""", "shift.steps[0].forSecond", "is not a known field")]
    [InlineData("""{ "shift": { "steps": [ { "weight": 1 } ], "byEvidence": {} } }""", "shift.byEvidence", "one of the two")]
    [InlineData("""{ "shift": { "byEvidence": { "maxBadResponses": 1 } } }""", "shift.byEvidence.maxBadResponses", "from 5 to 1000000")]
    [InlineData("""{ "shift": { "byEvidence": {} }, "atOnce": true }""", "atOnce", "one of the two")]
    public async Task Order_WithAMistake_IsRefusedByField(string body, string field, string allowed)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var refused = await fleet.Admin.CutoverAsync(JsonNode.Parse(body));

        refused.Status.Should().Be(400, refused.Body);
        refused.Json.GetProperty("errors").GetProperty(field)[0].GetString().Should().Contain(allowed);
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    private static async Task<string> BeginAsync(Fleet fleet, object order)
    {
        var started = await fleet.Admin.CutoverAsync(order, until: "shifting");
        started.Status.Should().Be(200, started.Body);
        return started.Release.Id;
    }

    private static void ByHeader(JsonNode configuration) => Traffic(configuration)["Key"] = "header:X-Client";

    private static JsonObject Traffic(JsonNode configuration)
    {
        var traffic = new JsonObject();
        Fleet.Service(configuration)["Traffic"] = traffic;
        return traffic;
    }

    private static object Shift(params (double Weight, double Seconds)[] steps) =>
        new { shift = new { steps = steps.Select(step => new { weight = step.Weight, forSeconds = step.Seconds }) } };

    private static Task<bool> Fail(Microsoft.AspNetCore.Http.HttpContext context)
    {
        context.Response.StatusCode = 500;
        return Task.FromResult(true);
    }

    // Five standard deviations of the binomial distribution: a test that is run a million times fails once.
    private static double Lowest(int weight) => (Clients * weight / 100.0) - (5 * Deviation(weight));

    private static double Highest(int weight) => (Clients * weight / 100.0) + (5 * Deviation(weight));

    private static double Deviation(int weight) => Math.Sqrt(Clients * (weight / 100.0) * (1 - (weight / 100.0)));
}

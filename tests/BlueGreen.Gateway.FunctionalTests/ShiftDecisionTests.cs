using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What a shift does when it is judged, waits or is promoted, beside the plain course of events.</summary>
public sealed class ShiftDecisionTests
{
    // "waiting" that is shown for a second of every ten is not seen by anybody.
    [Fact]
    public async Task Step_WhoseTimeIsOverWhileTheNewSlotIsSick_SaysSoAtEveryLook()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        var started = await BeginAsync(fleet, (5, 0.5), (50, 600));
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);
        await fleet.Admin.UntilAsync(status => status.Release!.Shift!.WaitingFor is not null);
        var probes = fleet.Green.Probes;

        var seen = new List<string?>();
        while (fleet.Green.Probes < probes + 20)
        {
            seen.Add((await fleet.Admin.ReleaseAsync(started.Id)).Shift!.WaitingFor);
        }

        seen.Should().NotContainNulls().And.OnlyContain(reason => reason!.StartsWith("green of orders is not healthy"));
    }

    [Fact]
    public async Task ByEvidence_NewSlotSick_SaysSoAtEveryLook()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "healthy");
        var answer = await fleet.Admin.CutoverAsync(new { shift = new { byEvidence = new { maxBadResponses = 1000000 } } }, until: "shifting");
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);
        using var traffic = new Clientele(fleet.Gateway.Url, 50);
        while ((await fleet.Admin.ReleaseAsync(answer.Release.Id)).Shift!.WaitingFor is null)
        {
            _ = await traffic.OnGreenAsync();
        }

        var probes = fleet.Green.Probes;

        var seen = new List<string?>();
        while (fleet.Green.Probes < probes + 20)
        {
            seen.Add((await fleet.Admin.ReleaseAsync(answer.Release.Id)).Shift!.WaitingFor);
        }

        seen.Should().NotContainNulls();
    }

    [Fact]
    public async Task Steps_ThatBeginWithEverything_AreASwitchThatIsWatched()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        fleet.Green.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 100);

        var switched = await fleet.Admin.CutoverAsync(new { bakeSeconds = 600, shift = new { steps = new[] { new { weight = 100, forSeconds = 600 } } } });
        switched.Status.Should().Be(200, switched.Body);
        switched.Release.Shift.Should().BeNull();

        // As long as it takes: a comparison without traffic finds nothing.
        while ((await fleet.Admin.StatusAsync()).Release is not null)
        {
            _ = await traffic.OnGreenAsync();
        }

        (await fleet.Admin.ReleaseAsync(switched.Release.Id)).Status.Should().Be(ReleaseStatus.RolledBack);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task TakenBackByItself_Release_KeepsTheFiguresThatSpokeAgainstIt()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        fleet.Green.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 400);
        var started = await BeginAsync(fleet, (10, 600));

        _ = await traffic.OnGreenAsync();

        await fleet.Admin.UntilNoReleaseAsync();
        var ended = await fleet.Admin.ReleaseAsync(started.Id);
        ended.Bake.Outcome.Should().Be("rolledBack");
        ended.Bake.Services.Should().ContainSingle().Which.Metrics[0].Bad.Should().BePositive();
    }

    // One service of the group fails: none of them may stay half on the new version.
    [Fact]
    public async Task Group_OneServiceFails_AllOfThemGoBack()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByHeader(configuration);
            Fleet.AddService(configuration, "users");
        });
        fleet.Green.Trouble = context => context.Request.Path.StartsWithSegments("/users", StringComparison.Ordinal) ? Fail(context) : Task.FromResult(false);
        using var orders = new Clientele(fleet.Gateway.Url, 200);
        using var users = new Clientele(fleet.Gateway.Url, 200, "/users/x");
        var started = await fleet.Admin.PostAsync(
            "/v1/cutover?until=shifting", new { services = new[] { "orders", "users" }, shift = new { steps = new[] { new { weight = 30, forSeconds = 600 } } } }, wait: 30);
        (await orders.OnGreenAsync()).Should().NotBeEmpty();

        _ = await users.OnGreenAsync();

        await fleet.Admin.UntilNoReleaseAsync();
        var ended = await fleet.Admin.ReleaseAsync(started.Release.Id);
        ended.Status.Should().Be(ReleaseStatus.RolledBack);
        ended.Detail.Should().Contain("users: ").And.Contain("failed on green");
        (await orders.OnGreenAsync()).Should().BeEmpty();
        (await users.OnGreenAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Promote_ToAWeightThatIsReached_IsNothingToDoAlsoWhileTheSlotIsSick()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        var started = await BeginAsync(fleet, (25, 600));
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);

        var reached = await fleet.Admin.PostAsync($"/v1/releases/{started.Id}/promote?to=20");

        (reached.Status, reached.Release.Shift!.Weight).Should().Be((200, 25.0));
        (await fleet.Admin.PostAsync($"/v1/releases/{started.Id}/promote?to=30")).Status.Should().Be(422);
        (await fleet.Admin.PostAsync($"/v1/releases/{started.Id}/promote?to=30", new { force = true })).Status.Should().Be(200);
        var audit = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray();
        audit.First(entry => entry.GetProperty("action").GetString() == "promote" && entry.GetProperty("result").GetString() == "done")
            .GetProperty("force").GetBoolean().Should().BeTrue("nobody has looked whether the slot is healthy");
    }

    // Both have seen the same generation: one of them would promote from a weight that it has not seen.
    [Fact]
    public async Task Promote_TwoAtOnceWithTheSameGeneration_OneOfThemGoesOneStep()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        var started = await BeginAsync(fleet, (5, 600), (25, 600), (60, 600));
        var generation = (await fleet.Admin.StatusAsync()).Generation;

        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => fleet.Admin.SendAsync(HttpMethod.Post, $"/v1/releases/{started.Id}/promote", headers: ("If-Match", $"\"{generation}\""))));

        both.Select(answer => answer.Status).Should().BeEquivalentTo([200, 412]);
        (await fleet.Admin.ReleaseAsync(started.Id)).Shift!.Weight.Should().Be(25);
    }

    [Fact]
    public async Task Order_WithTwoWrongSteps_NamesBoth()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var refused = await fleet.Admin.CutoverAsync(JsonNode.Parse("""{ "shift": { "steps": [ { "weight": "x", "forSeconds": 1 }, { "forSeconds": 1 } ] } }"""));

        refused.Status.Should().Be(400);
        var errors = refused.Json.GetProperty("errors");
        errors.GetProperty("shift.steps[0].weight")[0].GetString().Should().Contain("must be a percentage");
        errors.GetProperty("shift.steps[1].weight")[0].GetString().Should().Contain("is missing");
    }

    private static async Task<Release> BeginAsync(Fleet fleet, params (double Weight, double Seconds)[] steps)
    {
        var started = await fleet.Admin.CutoverAsync(Order(steps), until: "shifting");
        started.Status.Should().Be(200, started.Body);
        return started.Release;
    }

    private static object Order(params (double Weight, double Seconds)[] steps) =>
        new { shift = new { steps = steps.Select(step => new { weight = step.Weight, forSeconds = step.Seconds }) } };

    private static void ByHeader(JsonNode configuration) => Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "header:X-Client" };

    private static Task<bool> Fail(HttpContext context)
    {
        context.Response.StatusCode = 500;
        return Task.FromResult(true);
    }
}

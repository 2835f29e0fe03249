using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Several services in one release.</summary>
public sealed class GroupTests
{
    private static readonly string[] Services = ["orders", "billing", "stock"];

    [Fact]
    public async Task GroupCutover_AllGatesPass_AllSwitchAndRollBackTogether()
    {
        await using var fleet = await StartAsync();

        var cutover = await fleet.Admin.PostAsync("/v1/cutover?until=completed", new { services = Services, to = "green" }, wait: 30);

        cutover.Status.Should().Be(200, cutover.Body);
        cutover.Release.Services.Select(service => service.Name).Should().Equal(Services);
        cutover.Release.Gates.Count(gate => gate.Name == "deepHealth").Should().Be(3);
        await AllAreAsync(fleet, SlotName.Green);
        var rollback = await fleet.Admin.PostAsync("/v1/rollback?until=completed", new { release = cutover.Release.Id }, wait: 30);
        rollback.Status.Should().Be(200, rollback.Body);
        await AllAreAsync(fleet, SlotName.Blue);
        (await fleet.Admin.PostAsync("/v1/rollback", new { release = cutover.Release.Id }, wait: 30)).Json.GetProperty("outcome").GetString().Should().Be("alreadyActive");
    }

    [Fact]
    public async Task GroupCutover_OneGateFails_NoneSwitches()
    {
        await using var bad = await TestApi.StartAsync("2.0.0");
        bad.Health = context => bad.WriteReportAsync(context, "unhealthy");
        await using var fleet = await StartAsync();
        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/stock/slots/green", new { destinations = new { g1 = new { address = bad.Address } } })).Status.Should().Be(200);

        var answer = await fleet.Admin.PostAsync("/v1/cutover", new { services = Services, to = "green" }, wait: 30);

        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Contain("deepHealth of stock");
        await AllAreAsync(fleet, SlotName.Blue);
    }

    [Fact]
    public async Task GroupCutover_SomeAreThereAlready_TheRestSwitches()
    {
        await using var fleet = await StartAsync();
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);

        var answer = await fleet.Admin.PostAsync("/v1/cutover?until=completed", new { services = Services, to = "green" }, wait: 30);

        answer.Status.Should().Be(200, answer.Body);
        answer.Release.Services.Select(service => service.Name).Should().Equal("billing", "stock");
        await AllAreAsync(fleet, SlotName.Green);
        (await fleet.Admin.PostAsync("/v1/cutover", new { services = Services, to = "green" }, wait: 30)).Json.GetProperty("outcome").GetString().Should().Be("alreadyActive");
    }

    [Fact]
    public async Task GroupCutover_OverlapsARunningRelease_IsAConflict()
    {
        await using var fleet = await StartAsync();
        var first = await fleet.Admin.PostAsync("/v1/cutover", new { services = new[] { "billing", "stock" }, bakeSeconds = 600 }, wait: 30);

        var second = await fleet.Admin.PostAsync("/v1/cutover", new { services = new[] { "orders", "billing" } });

        second.Code.Should().Be("release-in-progress");
        second.Json.GetProperty("releaseId").GetString().Should().Be(first.Release.Id);
        (await fleet.Admin.StatusAsync("orders")).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task GroupCutover_FiftyOverlappingGroupsAtOnce_NoServiceIsInTwoReleasesAndEveryAnswerIsTrue()
    {
        await using var fleet = await StartAsync();
        var random = new Random(7);
        var groups = Enumerable.Range(0, 50).Select(_ => Services.OrderBy(_ => random.Next()).Take(random.Next(1, 4)).ToArray()).ToList();

        var answers = await Task.WhenAll(groups.Select(group => fleet.Admin.PostAsync("/v1/cutover", new { services = group, bakeSeconds = 600 })));

        var started = answers.Where(answer => answer.Status == 202).Select(answer => answer.Release).ToList();
        started.Should().NotBeEmpty();
        started.SelectMany(release => release.Services).Select(service => service.Name).Should().OnlyHaveUniqueItems();
        foreach (var refused in answers.Where(answer => answer.Status != 202))
        {
            refused.Code.Should().Be("release-in-progress");
            started.Select(release => release.Id).Should().Contain(refused.Json.GetProperty("releaseId").GetString());
        }

        foreach (var release in started)
        {
            foreach (var service in release.Services)
            {
                (await fleet.Admin.UntilAsync(status => status.Active == SlotName.Green, service.Name)).Generation.Should().Be(2);
            }
        }
    }

    [Fact]
    public async Task GroupRollback_ServiceWasSwitchedAgainSince_IsRefused()
    {
        await using var fleet = await StartAsync();
        var cutover = await fleet.Admin.PostAsync("/v1/cutover?until=completed", new { services = Services }, wait: 30);
        await fleet.Admin.CutoverAsync(new { to = "blue" }, until: "completed");

        var answer = await fleet.Admin.PostAsync("/v1/rollback", new { release = cutover.Release.Id }, wait: 30);

        answer.Code.Should().Be("nothing-to-roll-back");
        answer.Detail.Should().Contain("orders was switched again since");
        (await fleet.Admin.StatusAsync("billing")).Active.Should().Be(SlotName.Green);
    }

    [Theory]
    [InlineData("/v1/cutover", "{}", 400, "invalid-request")]
    [InlineData("/v1/cutover", "{\"services\":[]}", 400, "invalid-request")]
    [InlineData("/v1/cutover", "{\"services\":[\"orders\",\"ORDERS\"]}", 400, "invalid-request")]
    [InlineData("/v1/cutover", "{\"services\":[1]}", 400, "invalid-request")]
    [InlineData("/v1/cutover", "{\"services\":[\"nope\"]}", 404, "unknown-service")]
    [InlineData("/v1/rollback", "{}", 400, "invalid-request")]
    [InlineData("/v1/rollback", "{\"release\":\"r1-000000\"}", 404, "unknown-release")]
    public async Task GroupCalls_BadBody_AreRefused(string path, string body, int status, string code)
    {
        await using var fleet = await StartAsync();

        var answer = await fleet.Admin.PostAsync(path, body);

        answer.Status.Should().Be(status, answer.Body);
        answer.Code.Should().Be(code);
    }

    private static async Task AllAreAsync(Fleet fleet, SlotName slot)
    {
        foreach (var service in Services)
        {
            (await fleet.Admin.StatusAsync(service)).Active.Should().Be(slot);
        }
    }

    private static Task<Fleet> StartAsync() => Fleet.HostAsync(configuration =>
    {
        Fleet.AddService(configuration, "billing");
        Fleet.AddService(configuration, "stock");
    });
}

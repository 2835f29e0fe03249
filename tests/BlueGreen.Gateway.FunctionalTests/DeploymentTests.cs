using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary><c>PUT /v1/services/{service}/slots/{slot}</c>.</summary>
public sealed class DeploymentTests
{
    [Fact]
    public async Task Deploy_IntoTheStandby_IsAppliedWhenItIsAcknowledged()
    {
        await using var next = await TestApi.StartAsync("3.0.0");
        await using var fleet = await Fleet.HostAsync();

        var answer = await DeployAsync(fleet, "green", next.Address, "3.0.0");

        answer.Status.Should().Be(200, answer.Body);
        answer.Headers["ETag"].Should().Be("\"2\"");
        var green = answer.Json.GetProperty("slots").GetProperty("green");
        green.GetProperty("version").GetString().Should().Be("3.0.0");
        green.GetProperty("destinations")[0].GetProperty("address").GetString().Should().Be(next.Address);

        // At once, without a wait in between: the acknowledgement means that YARP has it.
        (await fleet.Admin.CutoverAsync(new { force = true })).Status.Should().Be(200);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await client.GetStringAsync("/orders/x")).Should().Be("3.0.0");
        fleet.Green.Requests.Should().Be(0);
    }

    [Fact]
    public async Task Deploy_UnderLoad_ManyTimesIntoTheStandby_NoRequestIsDisturbed()
    {
        await using var third = await TestApi.StartAsync("2.0.0");
        await using var fleet = await Fleet.HostAsync();
        await using var load = new LoadClient(fleet.Gateway.Url, clients: 8, new Version(1, 1));
        load.SwitchAcknowledged("blue");
        for (var count = 0; count < 50; count++)
        {
            (await DeployAsync(fleet, "green", count % 2 == 0 ? third.Address : fleet.Green.Address)).Status.Should().Be(200);
        }

        await load.StopAsync();
        load.Failures.Should().BeEmpty();
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(51);
    }

    [Fact]
    public async Task Deploy_SameAgain_ChangesNothing()
    {
        await using var fleet = await Fleet.HostAsync();
        (await DeployAsync(fleet, "green", fleet.Green.Address, "2.0.0")).Headers["ETag"].Should().Be("\"2\"");

        (await DeployAsync(fleet, "green", fleet.Green.Address, "2.0.0")).Headers["ETag"].Should().Be("\"2\"");
    }

    [Fact]
    public async Task Deploy_NewAddressUnderTheSameId_StartsWithUnknownHealth()
    {
        await using var sick = await TestApi.StartAsync("3.0.0");
        sick.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await using var fleet = await Fleet.HostAsync();
        await DeployAsync(fleet, "green", fleet.Green.Address);
        await fleet.Admin.UntilHealthyAsync();

        await DeployAsync(fleet, "green", sick.Address);

        (await fleet.Admin.StatusAsync()).Slots.Green.Should().BeEquivalentTo(new { Health = HealthState.Unknown });
    }

    [Fact]
    public async Task Deploy_IntoTheActiveSlot_IsRefusedUnlessForced()
    {
        await using var next = await TestApi.StartAsync("3.0.0");
        await using var fleet = await Fleet.HostAsync();

        var refused = await DeployAsync(fleet, "blue", next.Address);
        refused.Status.Should().Be(409);
        refused.Code.Should().Be("slot-active");

        (await DeployAsync(fleet, "blue", next.Address, query: "?force=true")).Status.Should().Be(200);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await client.GetStringAsync("/orders/x")).Should().Be("3.0.0");
    }

    [Fact]
    public async Task Deploy_IntoASlotThatDrainsOrIsRetained_IsRefused()
    {
        await using var next = await TestApi.StartAsync("3.0.0");
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var slow = client.GetAsync("/orders/gate/slow");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 });

        (await DeployAsync(fleet, "blue", next.Address)).Code.Should().Be("slot-active");
        fleet.Blue.Open("slow");
        (await slow).EnsureSuccessStatusCode();
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Baking);
        (await DeployAsync(fleet, "blue", next.Address)).Code.Should().Be("slot-retained");
        (await DeployAsync(fleet, "blue", next.Address, query: "?force=true")).Status.Should().Be(200);
        (await fleet.Admin.RollbackAsync()).Code.Should().Be("nothing-to-roll-back", "what was active before is gone");
    }

    [Fact]
    public async Task Deploy_IntoTheSlotThatIsBeingVerified_IsRefused()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await fleet.Admin.CutoverAsync(wait: null);

        var answer = await DeployAsync(fleet, "green", "http://127.0.0.1:9", query: "?force=true");

        answer.Status.Should().Be(409);
        answer.Code.Should().Be("release-in-progress");
    }

    [Theory]
    [InlineData("""{}""", "destinations")]
    [InlineData("""{"destinations":{}}""", "destinations")]
    [InlineData("""{"destinations":{"g":{"address":"10.0.0.1"}}}""", "destinations.g.address")]
    [InlineData("""{"destinations":{"g":{"address":"ftp://x/"}}}""", "destinations.g.address")]
    [InlineData("""{"destinations":{"g":{"address":"http://x/","weight":1}}}""", "destinations.g.weight")]
    [InlineData("""{"destinations":{"g g":{"address":"http://x/"}},"versoin":"1"}""", "destinations.g g,versoin")]
    public async Task Deploy_BadBody_IsRefusedWithEveryBadFieldNamed(string body, string fields)
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green", body);

        answer.Status.Should().Be(400);
        answer.Code.Should().Be("invalid-request");
        answer.Json.GetProperty("errors").EnumerateObject().Select(field => field.Name).Should().BeEquivalentTo(fields.Split(','));
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    // What is refused in the file is kept from YARP, so that its next load is no worse than the last one.
    [Fact]
    public async Task Deploy_WhileTheConfigurationFileIsBroken_IsDoneAllTheSame()
    {
        await using var next = await TestApi.StartAsync("3.0.0");
        await using var fleet = await Fleet.HostAsync();
        var configuration = JsonNode.Parse(await File.ReadAllTextAsync(fleet.ConfigFile))!;
        configuration["ReverseProxy"]!["Routes"]!["broken"] = JsonNode.Parse("""{ "ClusterId": "orders-blue", "Match": { "Path": "/broken/{**" } }""");
        await File.WriteAllTextAsync(fleet.ConfigFile, configuration.ToJsonString());
        await fleet.Gateway.UntilOutputAsync("ReverseProxy:Routes:broken: Invalid path '/broken/{**' for route 'broken'.");

        var answer = await DeployAsync(fleet, "green", next.Address);

        answer.Status.Should().Be(200, answer.Body);
        var status = await fleet.Admin.StatusAsync();
        status.Slots.Green.Destinations.Should().ContainSingle().Which.Address.Should().Be(next.Address);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
    }

    private static Task<AdminAnswer> DeployAsync(Fleet fleet, string slot, string address, string? version = null, string query = "") =>
        fleet.Admin.SendAsync(HttpMethod.Put, $"/v1/services/orders/slots/{slot}{query}", new { version, destinations = new { g1 = new { address } } });
}

using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen deploy</c>, <c>release</c> and <c>preflight</c>.</summary>
public sealed class DeployTests
{
    [Fact]
    public async Task Deploy_NewDestination_WaitsUntilItIsHealthyAndSwitchesNothing()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");

        var result = (await fleet.BlueGreenAsync("deploy", "orders", "--version", "2.1.0", "--destination", next.Address)).ShouldEndWith(0);

        result.Lines[^1].Should().Be("green of orders holds 2.1.0 and is healthy. Switch to it: bluegreen cutover orders");
        var status = await fleet.Admin.StatusAsync();
        status.Active.Should().Be(SlotName.Blue);
        status.Slots.Green.Version.Should().Be("2.1.0");
        status.Slots.Green.Destinations.Should().ContainSingle().Which.Id.Should().StartWith(new Uri(next.Address).Authority);
    }

    [Fact]
    public async Task Deploy_SickDestination_EndsWith4AndSaysWhy()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var sick = await TestApi.StartAsync("2.1.0");
        sick.Health = context => sick.WriteReportAsync(context, "unhealthy", 503);

        var result = (await fleet.BlueGreenAsync("deploy", "-d", $"new={sick.Address}", "--timeout", "5", "-o", "json")).ShouldEndWith(4);

        result.Code.Should().Be("timed-out");
        result.Error.Should().Contain("new: status code 503").And.Contain("Nothing was switched");
    }

    [Fact]
    public async Task Deploy_OtherVersionThanWasDeployed_EndsWith4AndSaysWhich()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("deploy", "-d", fleet.Green.Address, "--version", "9.9.9", "--timeout", "5")).ShouldEndWith(4)
            .Error.Should().Contain("reports 2.0.0, and 9.9.9 was deployed");
    }

    [Fact]
    public async Task Deploy_SameAddressAgain_WaitsForAProbeAfterIt()
    {
        // Seldom enough for the second deployment to be acknowledged between two probes.
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Health"]!["Interval"] = "00:00:06");
        (await fleet.BlueGreenAsync("deploy", "-d", $"a={fleet.Green.Address}")).ShouldEndWith(0);
        var probes = fleet.Green.Probes;

        (await fleet.BlueGreenAsync("deploy", "-d", $"a={fleet.Green.Address}")).ShouldEndWith(0);

        fleet.Green.Probes.Should().BeGreaterThan(probes, "what was healthy before may have been replaced since");
    }

    [Fact]
    public async Task Deploy_BeforeTheApiListens_IsHealthyAsSoonAsItDoes()
    {
        await using var fleet = await Fleet.HostAsync(ProbeSeldom);
        var port = FreePorts.Next();
        using var deploy = fleet.Start("deploy", "-d", $"new=http://127.0.0.1:{port}");
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Unhealthy);
        await using var late = await TestApi.StartAsync("2.1.0", port: port);

        (await deploy.EndAsync()).ShouldEndWith(0);
    }

    [Fact]
    public async Task Deploy_SameAddressWithAnotherVersion_IsProbedAtOnce()
    {
        await using var fleet = await Fleet.HostAsync(ProbeSeldom);
        (await fleet.BlueGreenAsync("deploy", "-d", $"a={fleet.Green.Address}", "--version", "2.0.0")).ShouldEndWith(0);

        fleet.Green.Version = "2.0.1";

        (await fleet.BlueGreenAsync("deploy", "-d", $"a={fleet.Green.Address}", "--version", "2.0.1")).ShouldEndWith(0);
    }

    // The probe that a deployment asks for may end before the deployment's own acknowledgement has been read.
    [Fact]
    public async Task Deploy_ProbedBeforeItsAcknowledgement_IsNotWaitedForAgain()
    {
        var probe = new ProbeStatus(DateTimeOffset.UtcNow, true, 200, 1, null, null);
        var slot = new SlotStatus("orders-green", null, HealthState.Healthy, new(0, 0, 0, 0), [new("a", "http://a/", HealthState.Healthy, probe)]);
        var status = new ServiceStatus("orders", 1, SlotName.Blue, SlotName.Green, null, new(null, null, null, null, null), new(slot, slot), null, []);
        await using var gateway = await ForeignServer.StartAsync(200, "application/json", JsonSerializer.Serialize(status, ContractsJson.Default.ServiceStatus));

        (await BlueGreenProcess.RunAsync(["deploy", "orders", "--slot", "green", "-d", "a=http://a/", "--timeout", "5"], gateway.Url)).ShouldEndWith(0);
    }

    // Whoever is left to the regular probes waits longer than the test does.
    private static void ProbeSeldom(JsonNode configuration) => Fleet.Service(configuration)["Health"]!["Interval"] = "00:59:00";

    [Fact]
    public async Task Deploy_IntoTheActiveSlot_EndsWith5()
    {
        await using var fleet = await Fleet.HostAsync();

        var active = (await fleet.BlueGreenAsync("deploy", "--slot", "blue", "-d", fleet.Green.Address, "-o", "json")).ShouldEndWith(5);
        active.Code.Should().Be("slot-active");
        active.Error.Should().Contain("bluegreen deploy --force");
        (await fleet.BlueGreenAsync("deploy", "--expect-generation", "9", "-d", fleet.Green.Address, "-o", "json")).ShouldEndWith(5).Code.Should().Be("stale-generation");
        (await fleet.BlueGreenAsync("deploy", "--slot", "blue", "--force", "-d", fleet.Blue.Address)).ShouldEndWith(0);
    }

    [Fact]
    public async Task Release_InOneLine_DeploysAndSwitches()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");

        var result = (await fleet.BlueGreenAsync("release", "--version", "2.1.0", "--destination", next.Address, "--reason", "five lines")).ShouldEndWith(0);

        result.Out.Should().Contain("green of orders is healthy.").And.Contain("every destination reports 2.1.0");
        result.Lines[^1].Should().StartWith("Done: orders is on green.");
        using var client = new HttpClient();
        (await client.GetStringAsync($"{fleet.Gateway.Url}/orders/x")).Should().Be("2.1.0");
    }

    [Fact]
    public async Task Release_JobRunsAgain_FindsItsReleaseAndDoesNotReleaseToTheOtherSlot()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");
        string[] line = ["release", "--version", "2.1.0", "--destination", next.Address, "-o", "json"];

        var first = (await fleet.BlueGreenAsync(line)).ShouldEndWith(0);
        var second = (await fleet.BlueGreenAsync(line)).ShouldEndWith(0);

        second.Json.GetProperty("id").GetString().Should().Be(first.Json.GetProperty("id").GetString());
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Steps_JobRunsAgain_FindWhatTheyHaveDone()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");
        string[] deploy = ["deploy", "--version", "2.1.0", "-d", next.Address];
        string[] preflight = ["preflight", "--expect-version", "2.1.0"];
        string[] cutover = ["cutover", "--expect-version", "2.1.0", "--wait", "completed"];
        foreach (var step in new[] { deploy, preflight, cutover })
        {
            (await fleet.BlueGreenAsync(step)).ShouldEndWith(0);
        }

        var generation = (await fleet.Admin.StatusAsync()).Generation;
        (await fleet.BlueGreenAsync(deploy)).ShouldEndWith(0).Out.Should().Contain("nothing was deployed");
        (await fleet.BlueGreenAsync(preflight)).ShouldEndWith(0).Out.Should().Contain("nothing to release");
        (await fleet.BlueGreenAsync(cutover)).ShouldEndWith(0).Out.Should().Contain("since release r1-");

        var status = await fleet.Admin.StatusAsync();
        status.Generation.Should().Be(generation);
        status.Active.Should().Be(SlotName.Green);
        status.RollbackTo.Should().Be(SlotName.Blue, "the way back is still open");
    }

    [Fact]
    public async Task Release_ApiReportsNoVersion_IsReleasedAllTheSame()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");
        next.Version = null!;

        (await fleet.BlueGreenAsync("release", "--version", "2.1.0", "-d", next.Address)).ShouldEndWith(0);
    }

    [Fact]
    public async Task Release_GateFails_EndsWith2()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");
        next.Schema = new { current = 42, min = 43, max = 44 };

        var result = (await fleet.BlueGreenAsync("release", "--version", "2.1.0", "-d", next.Address, "-o", "json")).ShouldEndWith(2);

        result.Error.Should().Contain("migrate first");
    }

    [Fact]
    public async Task Preflight_AllWell_IsAChecklistAndEndsWith0()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("preflight")).ShouldEndWith(0);

        foreach (var item in new[] { "contract", "schema", "drain", "deep health", "idempotent script", "monitoring", "decommission" })
        {
            result.Out.Should().MatchRegex($@"(?m)^(ok|look) +{item} ");
        }

        result.Out.Should().Contain("1.0.0 to 2.0.0: another major version").And.Contain("-> ");
        var json = (await fleet.BlueGreenAsync("preflight", "--to", "green", "-o", "json")).ShouldEndWith(0).Json;
        json.GetProperty("passed").GetBoolean().Should().BeTrue();
        json.GetProperty("checklist")[0].GetProperty("item").GetString().Should().Be("contract");
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1, "it changes nothing");
    }

    [Fact]
    public async Task Preflight_GateFails_EndsWith2AndSaysWhatToDo()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Schema = new { current = 42, min = 43, max = 44 };

        var plain = (await fleet.BlueGreenAsync("preflight")).ShouldEndWith(2);
        plain.Out.Should().MatchRegex("failed +schema +the database is at 42").And.Contain("-> Run the migration that only adds");
        plain.Error.Should().Contain("would be rejected: schema");
        var json = (await fleet.BlueGreenAsync("preflight", "--expect-version", "3.0.0", "-o", "json")).ShouldEndWith(2);

        json.Code.Should().Be("gate-failed");
        json.Json.GetProperty("preflight").GetProperty("checklist").EnumerateArray().Should().Contain(item =>
            item.GetProperty("item").GetString() == "version" && item.GetProperty("verdict").GetString() == "failed");
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using static BlueGreen.Gateway.FunctionalTests.Infrastructure.NamedFleet;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Destinations whose address is a name, which leads to one address or several, and elsewhere later on.</summary>
public sealed class NamedDestinationTests
{
    [Fact]
    public async Task Name_ThatMoves_TakesTheTrafficTheProbesAndTheVersionAlong()
    {
        await using var fleet = await HostAsync([(Blue, [First]), (Green, [First])]);
        await fleet.Admin.UntilHealthyAsync();
        (await fleet.Client.GetStringAsync("/orders/x")).Should().Be("1.0.0");

        fleet.Set(Blue, Second);
        await fleet.UntilAsync(green: false, $"b1[{Second}]");
        var before = fleet.At1.Requests;
        for (var request = 0; request < 20; request++)
        {
            (await fleet.Client.GetStringAsync("/orders/x")).Should().Be("1.0.1");
        }

        fleet.At1.Requests.Should().Be(before, "no pooled connection to the old address may be used again");
        var status = await fleet.Admin.UntilAsync(status => status.Slots.Blue is { Health: HealthState.Healthy, Version: "1.0.1" });
        status.Slots.Blue.Destinations.Should().ContainSingle().Which.Address.Should().Be($"http://{Blue}:{fleet.At1.Port}/", "the address is shown as it was configured");
    }

    [Fact]
    public async Task Name_WithTwoAddresses_IsProbedShownCountedAndServedByEach()
    {
        await using var fleet = await HostAsync([(Blue, [Second, First]), (Green, [First])]);
        await fleet.Admin.UntilHealthyAsync();
        fleet.At2.Health = context => fleet.At2.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);

        var status = await fleet.Admin.UntilAsync(status => status.Slots.Blue.Health == HealthState.Unhealthy);

        status.Slots.Blue.Destinations.Select(destination => (destination.Id, destination.Health))
            .Should().Equal(($"b1[{First}]", HealthState.Healthy), ($"b1[{Second}]", HealthState.Unhealthy));
        var metrics = await fleet.Admin.Http.GetStringAsync("/metrics");
        metrics.Should().Contain($$"""bluegreen_destination_healthy{service="orders",slot="blue",destination="b1[{{First}}]"} 1""");
        metrics.Should().Contain($$"""bluegreen_destination_healthy{service="orders",slot="blue",destination="b1[{{Second}}]"} 0""");
        var before = fleet.At2.Requests;
        for (var request = 0; request < 20; request++)
        {
            (await fleet.Client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        }

        fleet.At2.Requests.Should().Be(before, "an address that is unhealthy takes no traffic");

        fleet.At2.Health = context => fleet.At2.WriteReportAsync(context, "healthy");
        await fleet.Admin.UntilHealthyAsync();
        await UntilAsync(async () => await fleet.Client.GetStringAsync("/orders/x") == "1.0.1");
    }

    [Fact]
    public async Task Cutover_OneOfTheAddressesFails_IsRejectedAndNamesIt()
    {
        await using var fleet = await HostAsync([(Blue, [First]), (Green, [First, Second])]);
        await fleet.Admin.UntilHealthyAsync();
        fleet.At2.Health = context => fleet.At2.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);

        var answer = await fleet.Admin.CutoverAsync();

        answer.Status.Should().Be(422, answer.Body);
        answer.Detail.Should().Contain("1 of 2 destinations").And.Contain($"g1[{Second}] (http://{Green}:{fleet.At1.Port}/)");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Name_ThatDoesNotResolveAtTheStart_IsSaidPassesNoGateAndIsPickedUp()
    {
        await using var fleet = await HostAsync([(Blue, [First])]);

        var status = await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Unhealthy);
        status.Slots.Green.Destinations.Should().ContainSingle().Which.LastProbe!.Reason.Should().StartWith($"name does not resolve: {Green} (");
        fleet.Gateway.Output.Should().Contain($"[ERR] Destinations at {Green} take no traffic and pass no gate");
        (await fleet.Client.GetStringAsync("/orders/x")).Should().Be("1.0.0", "the other slot serves");
        var refused = await fleet.Admin.CutoverAsync();
        refused.Status.Should().Be(422, refused.Body);
        refused.Detail.Should().Contain($"name does not resolve: {Green}");

        fleet.Set(Green, First);
        await fleet.Admin.UntilHealthyAsync();
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Name_ThatNoLongerResolves_StaysAtItsLastAddressesAndSaysSoOnce(bool isKnown)
    {
        await using var fleet = await HostAsync([(Blue, [First]), (Green, [First])]);
        await fleet.Admin.UntilHealthyAsync();
        if (isKnown)
        {
            fleet.Set(Blue);
        }
        else
        {
            fleet.Remove(Blue);
        }

        var lookups = fleet.Lookups;
        await UntilAsync(() => Task.FromResult(fleet.Lookups > lookups + 10));

        (await fleet.Client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        (await fleet.Admin.StatusAsync()).Slots.Blue.Destinations.Should().ContainSingle().Which.Id.Should().Be($"b1[{First}]");
        fleet.Gateway.Output.Split('\n').Count(line => line.Contains("stay at their last addresses", StringComparison.Ordinal)).Should().Be(1, fleet.Gateway.Output);
    }

    [Fact]
    public async Task Address_ThatLeavesDuringARequest_FinishesItAndIsNotUsedAgain()
    {
        await using var fleet = await HostAsync([(Blue, [First]), (Green, [First])]);
        await fleet.Admin.UntilHealthyAsync();
        var held = fleet.Client.GetStringAsync("/orders/gate/held");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        using var socket = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(1, 1));
        (await socket.EchoAsync()).Should().Be("1.0.0");

        fleet.Set(Blue, Second);
        await fleet.UntilAsync(green: false, $"b1[{Second}]");
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Total.Should().Be(2, "what the old address still answers is in flight");
        fleet.At1.Open("held");

        (await held).Should().Be("1.0.0");
        (await socket.EchoAsync()).Should().Be("1.0.0", "a WebSocket goes on until one of its ends closes it, or the slot is drained");
        var before = fleet.At1.Requests;
        for (var request = 0; request < 20; request++)
        {
            (await fleet.Client.GetStringAsync("/orders/x")).Should().Be("1.0.1");
        }

        fleet.At1.Requests.Should().Be(before);
    }

    [Fact]
    public async Task Deploy_ByName_IsAcknowledgedWhenTheAddressesAreInUse()
    {
        await using var fleet = await HostAsync([(Blue, [First]), (Green, [First]), ("next.test", [First])], SlowRefresh);
        (await DeployAsync("2")).Select(destination => destination.Id).Should().Equal($"n1[{First}]");

        // The refresh is an hour away: whoever moves the name and then deploys gets where it leads now.
        fleet.Set("next.test", Second);
        (await DeployAsync("3")).Select(destination => destination.Id).Should().Equal($"n1[{Second}]");

        (await fleet.Admin.CutoverAsync(new { force = true })).Status.Should().Be(200);
        (await fleet.Client.GetStringAsync("/orders/x")).Should().Be("1.0.1");

        async Task<IReadOnlyList<DestinationStatus>> DeployAsync(string version)
        {
            var answer = await fleet.Admin.SendAsync(
                HttpMethod.Put, "/v1/services/orders/slots/green", new { version, destinations = new { n1 = new { address = $"http://next.test:{fleet.At1.Port}/" } } });
            answer.Status.Should().Be(200, answer.Body);
            return (await fleet.Admin.StatusAsync()).Slots.Green.Destinations;
        }
    }

    [Fact]
    public async Task Deploy_NameThatDoesNotResolve_IsAcknowledgedAndPassesNoGateUntilItDoes()
    {
        await using var fleet = await HostAsync([(Blue, [First]), (Green, [First])]);

        var answer = await fleet.Admin.SendAsync(
            HttpMethod.Put, "/v1/services/orders/slots/green", new { destinations = new { n1 = new { address = $"http://next.test:{fleet.At1.Port}/" } } });

        answer.Status.Should().Be(200, answer.Body);
        var refused = await fleet.Admin.CutoverAsync();
        refused.Status.Should().Be(422, refused.Body);
        refused.Detail.Should().Contain("n1 (http://next.test:").And.Contain("name does not resolve: next.test");
        fleet.Set("next.test", Second);
        await fleet.UntilAsync(green: true, $"n1[{Second}]");
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        (await fleet.Client.GetStringAsync("/orders/x")).Should().Be("1.0.1");
    }

    [Fact]
    public async Task Address_ThatThePolicyRefuses_IsNoDestinationAndIsNeverConnectedTo()
    {
        await using var fleet = await HostAsync(
            [(Blue, [First, Second]), (Green, [Second])],
            configuration => configuration["BlueGreen"]!["Destinations"]!["AllowedNetworks"] = new JsonArray($"{First}/32"));

        var status = await fleet.Admin.UntilAsync(status => status.Slots is { Blue.Health: HealthState.Healthy, Green.Health: HealthState.Unhealthy });

        status.Slots.Blue.Destinations.Should().ContainSingle().Which.Id.Should().Be($"b1[{First}]");
        status.Slots.Green.Destinations.Should().ContainSingle().Which.LastProbe!.Reason.Should()
            .StartWith($"name leads to no address that is allowed: {Green} ({Second} is in none of BlueGreen:Destinations:AllowedNetworks");
        fleet.Gateway.Output.Should().Contain($"[WRN] Addresses of {Blue} are left out: {Second} is in none of");
        fleet.At2.Probes.Should().Be(0);
    }

    [Fact]
    public async Task Name_WithResolutionSwitchedOff_IsOneDestination()
    {
        await using var fleet = await HostAsync(
            [(Blue, [First, Second])], configuration => configuration["BlueGreen"]!["Destinations"]!["Resolve"] = false);

        (await fleet.Admin.StatusAsync()).Slots.Blue.Destinations.Should().ContainSingle().Which.Id.Should().Be("b1");
        fleet.Lookups.Should().Be(0);
    }

    [Fact]
    public async Task Localhost_IsOneDestinationByThatName()
    {
        await using var fleet = await HostAsync([], configuration =>
        {
            foreach (var (slot, id) in new[] { ("blue", "b1"), ("green", "g1") })
            {
                var destination = configuration["ReverseProxy"]!["Clusters"]![$"orders-{slot}"]!["Destinations"]![id]!;
                destination["Address"] = destination["Address"]!.GetValue<string>().Replace($"{slot}.test", "localhost", StringComparison.Ordinal);
            }
        });

        var status = await fleet.Admin.UntilHealthyAsync();

        status.Slots.Blue.Destinations.Should().ContainSingle().Which.Id.Should().Be("b1");
        fleet.Lookups.Should().Be(0);
    }

    [Fact]
    public async Task Connection_OlderThanItsLifetime_TakesNoNewRequests()
    {
        var connections = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        await using var fleet = await HostAsync(
            [(Blue, [First])], configuration => configuration["BlueGreen"]!["Destinations"]!["ConnectionLifetime"] = "00:00:01");
        fleet.At1.Trouble = context =>
        {
            connections[context.Connection.Id] = true;
            return Task.FromResult(false);
        };

        // One request after the other: without a lifetime the first connection would take them all.
        await UntilAsync(async () => await fleet.Client.GetStringAsync("/orders/x") == "1.0.0" && connections.Count > 1);
    }

    private static void SlowRefresh(JsonNode configuration) => configuration["BlueGreen"]!["Destinations"]!["RefreshPeriod"] = "01:00:00";

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            watch.Elapsed.Should().BeLessThan(TestLimits.Wait);
            await Task.Delay(10);
        }
    }
}

using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What runs in the background may fail; the gateway goes on serving, and the work is taken up again.</summary>
public sealed class BackgroundFailureTests
{
    private const int Many = 200;

    [LinuxFact]
    public async Task Hook_GivenUpWhileTheDiskIsFull_TrafficFlowsAndTheDeliveryIsTakenOutOnceThereIsRoom()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await Fleet.StartAsync(configuration =>
        {
            var hook = receiver.Hook("postSwitch");
            hook["GiveUpAfter"] = "00:00:05";
            configuration["BlueGreen"]!["Hooks"] = new JsonObject { ["ci"] = hook };
        });
        await receiver.StopAsync();
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        await fleet.Gateway.KillAsync();
        await fleet.Gateway.DisposeAsync();

        // The next gateway finds the delivery in the state and gives it up when its time is over, on a disk that was full before it started.
        IsWaiting(fleet).Should().BeTrue("the test is about a delivery that is given up on a full disk");

        // The kill may have left one behind.
        File.Delete(fleet.StateFile + ".tmp");
        File.CreateSymbolicLink(fleet.StateFile + ".tmp", "/dev/full");
        await fleet.HostGatewayAsync();
        await fleet.Gateway.UntilOutputAsync("is given up");
        await fleet.Gateway.UntilOutputAsync("The state can't be written");

        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var count = 0; count < Many; count++)
        {
            (await client.GetStringAsync("/orders/x")).Should().Be("2.0.0");
        }

        foreach (var probe in new[] { "/healthz", "/healthz/live", "/healthz/ready" })
        {
            (await fleet.Admin.SendAsync(HttpMethod.Get, probe)).Status.Should().Be(200, "{0}: another gateway would fail the same way", probe);
        }

        File.Delete(fleet.StateFile + ".tmp");
        await fleet.Admin.UntilAsync(_ => !IsWaiting(fleet));
        (await client.GetAsync("/orders/x")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await fleet.Gateway.StopAsync()).Should().Be(0);
    }

    private static bool IsWaiting(Fleet fleet) => new StoredFolder(fleet.StateFolder).Waiting().Count > 0;
}

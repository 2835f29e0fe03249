using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A new gateway takes over from an old one, under load of clients that repeat nothing: no request fails.</summary>
public sealed class RestartTests
{
    private const int Restarts = 5;
    private const int Clients = 8;

    // So many that connections wait in the queues at every moment: a queue that is closed with its socket resets them.
    private const int Newcomers = 64;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // Two processes share the port; the state folder goes from one to the other.
    [LinuxFact]
    public async Task Restart_WithASharedPort_FailsNoRequest()
    {
        string[] urls = ["--urls", $"http://127.0.0.1:{FreePorts.Next()}"];
        await using var fleet = await Fleet.StartAsync(
            configuration =>
            {
                Configure(configuration, delay: "00:00:30");
                configuration["BlueGreen"]!["Listen"] = new JsonObject { ["ReusePort"] = true };
                configuration["BlueGreen"]!["State"] = new JsonObject { ["LockTimeout"] = "00:01:00" };
            },
            arguments: urls);
        await RestartUnderLoadAsync(fleet.Gateway.Url, async () =>
        {
            var old = fleet.Gateway;
            var start = fleet.StartGatewayAsync(urls);
            var stop = old.StopAsync();
            await start;
            (await stop).Should().Be(0, old.Output);
            old.Output.Should().Contain("Another gateway serves the same port");
            await old.DisposeAsync();
        });
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200, "the last one has the state");
    }

    // The old process drains on, and its requests are in no count of the new one: a switch is not exclusive before it has ended.
    [LinuxFact]
    public async Task ExclusiveSwitch_ThePredecessorStillDrains_WaitsForItsEnd()
    {
        string[] urls = ["--urls", $"http://127.0.0.1:{FreePorts.Next()}"];
        await using var fleet = await Fleet.StartAsync(
            configuration =>
            {
                Configure(configuration, delay: "00:00:30");
                configuration["BlueGreen"]!["Listen"] = new JsonObject { ["ReusePort"] = true };
                configuration["BlueGreen"]!["State"] = new JsonObject { ["LockTimeout"] = "00:01:00" };
            },
            arguments: urls);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var inFlight = client.GetAsync("/orders/gate/old");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var old = fleet.Gateway;
        var start = fleet.StartGatewayAsync(urls);
        var stop = old.StopAsync();
        await start;
        await fleet.Admin.UntilHealthyAsync();

        var early = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 0.5 } });
        early.Status.Should().Be(422, early.Body);
        early.Detail.Should().Contain("another gateway process still drains its requests");
        fleet.Blue.Open("old");
        (await inFlight).StatusCode.Should().Be(HttpStatusCode.OK);
        (await stop).Should().Be(0, old.Output);
        await old.DisposeAsync();

        var late = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 30 } });
        late.Status.Should().Be(200, late.Body);
        late.Release.Hold!.Exclusive.Should().BeTrue();
    }

    // As systemctl restart does it: the old one ends, then the new one starts; connections wait in the socket's queue.
    [LinuxFact]
    public async Task Restart_WithSocketsOfSystemd_FailsNoRequest()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Configure(configuration, delay: "00:00:00"));
        await fleet.Gateway.DisposeAsync();
        await using var systemd = await SocketActivator.StartAsync(fleet.Folder);
        var gateway = await systemd.StartGatewayAsync(fleet.ConfigFile);
        await RestartUnderLoadAsync(systemd.Url, async () =>
        {
            GatewayProcess.Terminate(gateway);
            (await systemd.WaitAsync(gateway)).Should().Be(0, systemd.Output);
            gateway = await systemd.StartGatewayAsync(fleet.ConfigFile);
        });
        using var admin = new AdminClient(systemd.AdminUrl);
        (await admin.CutoverAsync()).Status.Should().Be(200, "the admin API has the socket that is named for it");
    }

    // As two instances of a template unit do it: the new one starts on the same sockets before the old one ends, so nobody waits.
    [LinuxFact]
    public async Task Restart_OfInstancesOnSocketsOfSystemd_FailsNoRequest()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            Configure(configuration, delay: "00:00:30");
            configuration["BlueGreen"]!["State"] = new JsonObject { ["LockTimeout"] = "00:01:00" };
        });
        await fleet.Gateway.DisposeAsync();
        await using var systemd = await SocketActivator.StartAsync(fleet.Folder);
        var gateway = await systemd.StartGatewayAsync(fleet.ConfigFile);
        await RestartUnderLoadAsync(systemd.Url, async () =>
        {
            var start = systemd.StartGatewayAsync(fleet.ConfigFile);
            GatewayProcess.Terminate(gateway);
            var next = await start;
            (await systemd.WaitAsync(gateway)).Should().Be(0, systemd.Output);
            gateway = next;
        });
    }

    private static async Task RestartUnderLoadAsync(string url, Func<Task> restart)
    {
        await using var load = new KeepAliveLoad(url, Clients, Pause);
        await using var newcomers = new KeepAliveLoad(url, Newcomers, Pause, keepAlive: false);
        await load.UntilMoreAsync(100);
        for (var count = 0; count < Restarts; count++)
        {
            await restart();
            await load.UntilMoreAsync(50);
        }

        await load.StopAsync();
        await newcomers.StopAsync();
        load.Failures.Should().BeEmpty($"{load.Requests} requests on {load.Connections} connections");
        newcomers.Failures.Should().BeEmpty($"{newcomers.Requests} requests on as many connections");
    }

    private static void Configure(JsonNode configuration, string delay) => configuration["BlueGreen"]!["Shutdown"] =
        new JsonObject { ["Delay"] = delay, ["Timeout"] = "00:00:20", ["IdleConnections"] = "00:00:00.5" };
}

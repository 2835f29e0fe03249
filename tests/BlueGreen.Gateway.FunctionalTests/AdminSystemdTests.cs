using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>An admin socket that systemd hands over: no configuration says where it listens, so the connection does.</summary>
public sealed class AdminSystemdTests
{
    [LinuxFact]
    public async Task Socket_OfEveryAddressWithoutTokens_IsOpenOnLoopbackAndAnswers403Elsewhere()
    {
        await using var fleet = await Fleet.StartAsync(untilHealthy: false);
        await fleet.Gateway.StopAsync();
        await using var systemd = await SocketActivator.StartAsync(fleet.Folder, adminAddress: "0.0.0.0");
        await systemd.StartGatewayAsync(fleet.ConfigFile);
        var port = new Uri(systemd.AdminUrl).Port;

        using (var local = new AdminClient($"http://127.0.0.1:{port}"))
        {
            (await local.SendAsync(HttpMethod.Get, "/v1/services")).Status.Should().Be(200);
        }

        var outside = OwnAddress();
        outside.Should().NotBeNull("the machine that runs this needs an address beside the loopback ones");
        using var client = new AdminClient($"http://{outside}:{port}");
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/v1/services"), (HttpMethod.Get, "/openapi/v1.json"), (HttpMethod.Post, "/v1/services/orders/cutover") })
        {
            var answer = await client.SendAsync(method, path);
            answer.Status.Should().Be(403, path);
            answer.Code.Should().Be("forbidden");
            answer.Detail.Should().Contain("Configure BlueGreen:Admin:Tokens");
        }

        (await client.SendAsync(HttpMethod.Get, "/healthz/live")).Status.Should().Be(200);
    }

    private static IPAddress? OwnAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(network => network.OperationalStatus == OperationalStatus.Up)
        .SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Select(own => own.Address)
        .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
}

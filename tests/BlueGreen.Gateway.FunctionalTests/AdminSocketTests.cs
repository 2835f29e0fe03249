using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The admin API on a Unix domain socket: who may call is what the file's permissions say.</summary>
[SupportedOSPlatform("linux")]
public sealed class AdminSocketTests
{
    [LinuxFact]
    public async Task Socket_WithoutTokens_IsOpenAndItsFileIsForOwnerAndGroup()
    {
        using var folder = new TemporaryFolder();
        var socket = folder.File("admin.sock");
        await using var fleet = await HostAsync(socket);
        using var client = Client(socket);

        (await client.StatusAsync()).Generation.Should().Be(1);
        (await client.CutoverAsync(new { force = true })).Release.Actor.Should().Be("anonymous");
        (await client.CutoverAsync(headers: ("Origin", "https://evil.example.com"))).Status.Should().Be(403);
        File.GetUnixFileMode(socket).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        fleet.Gateway.Output.Should().Contain($"Administration on http://unix:{socket}");
        Directory.GetFiles(folder.Path).Should().Equal([socket], "nothing else is left");
    }

    [LinuxFact]
    public async Task Socket_WithTokens_AsksForThem()
    {
        using var folder = new TemporaryFolder();
        var socket = folder.File("admin.sock");
        await using var fleet = await HostAsync(socket, new JsonObject { ["Tokens"] = new JsonArray(AdminSection.Token("ci", "act", "operator")), ["SocketMode"] = "0600" });
        using var client = Client(socket);

        (await client.SendAsync(HttpMethod.Get, "/v1/services")).Status.Should().Be(401);
        (await client.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Authorization", "Bearer act"))).Status.Should().Be(200);
        File.GetUnixFileMode(socket).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [LinuxFact]
    public async Task Socket_LeftByAKilledGateway_IsReplaced()
    {
        using var folder = new TemporaryFolder();
        var socket = folder.File("admin.sock");
        await using var fleet = await Fleet.StartAsync(configuration => configuration["BlueGreen"]!["Admin"] = new JsonObject(), untilHealthy: false, arguments: Urls(socket));
        await fleet.Gateway.KillAsync();
        await fleet.Gateway.DisposeAsync();
        File.Exists(socket).Should().BeTrue("nobody has removed it");

        await fleet.HostGatewayAsync(Urls(socket));

        using var client = Client(socket);
        (await client.StatusAsync()).Generation.Should().Be(1);
    }

    [LinuxFact]
    public async Task Socket_SomebodyListensThere_IsLeftAloneAndTheGatewayEnds()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("admin.sock");
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(path));
        other.Listen();

        var (exitCode, output) = await RunAsync(folder, path);

        exitCode.Should().Be(1, output);
        output.Should().Contain(path).And.Contain("Another process listens there");
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await probe.ConnectAsync(new UnixDomainSocketEndPoint(path));
    }

    [LinuxFact]
    public async Task Socket_HandedOverToASuccessor_AnswersAllTheTimeAndItsFileStays()
    {
        using var folder = new TemporaryFolder();
        var socket = folder.File("admin.sock");
        string[] urls = [Urls(socket), "--urls", $"http://127.0.0.1:{FreePorts.Next()}"];
        await using var fleet = await Fleet.StartAsync(
            configuration =>
            {
                configuration["BlueGreen"]!["Shutdown"] = new JsonObject { ["Delay"] = "00:00:30", ["Timeout"] = "00:00:20", ["IdleConnections"] = "00:00:00.2" };
                configuration["BlueGreen"]!["Listen"] = new JsonObject { ["ReusePort"] = true };
                configuration["BlueGreen"]!["State"] = new JsonObject { ["LockTimeout"] = "00:01:00" };
            },
            untilHealthy: false,
            arguments: urls);
        using var stop = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 4).Select(_ => AskAsync(socket, stop.Token)).ToList();

        for (var restart = 0; restart < 5; restart++)
        {
            var old = fleet.Gateway;
            var start = fleet.StartGatewayAsync(urls);
            var stopping = old.StopAsync();
            await start;
            (await stopping).Should().Be(0, old.Output);
            await old.DisposeAsync();
            File.Exists(socket).Should().BeTrue("the one that leaves must not take the other's file with it");
        }

        await stop.CancelAsync();
        (await Task.WhenAll(asking)).Should().OnlyContain(answered => answered > 0);
        using var client = Client(socket);
        (await client.CutoverAsync(new { force = true })).Status.Should().Be(200, "the last one has the state");
        File.GetUnixFileMode(socket).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
    }

    [LinuxFact]
    public async Task Socket_AFileIsThere_IsLeftAloneAndTheGatewayEnds()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("notes.txt");
        await File.WriteAllTextAsync(path, "precious");

        var (exitCode, output) = await RunAsync(folder, path);

        exitCode.Should().Be(1, output);
        output.Should().Contain("is there already, and is no socket");
        (await File.ReadAllTextAsync(path)).Should().Be("precious");
    }

    [LinuxFact]
    public async Task Socket_InAFolderThatDoesNotExist_EndsWith78()
    {
        using var folder = new TemporaryFolder();

        var (exitCode, output) = await RunAsync(folder, folder.File("nowhere/admin.sock"));

        exitCode.Should().Be(78, output);
        output.Should().Contain("the folder of the socket does not exist");
    }

    // Each call on a connection of its own, and none repeated.
    private static async Task<int> AskAsync(string socket, CancellationToken until)
    {
        var answered = 0;
        while (!until.IsCancellationRequested)
        {
            using var client = Client(socket);
            (await client.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Connection", "close"))).Status.Should().Be(200);
            answered++;
        }

        return answered;
    }

    private static string Urls(string socket) => $"--BlueGreen:Admin:Urls=http://127.0.0.1:0;http://unix:{socket}";

    private static Task<Fleet> HostAsync(string socket, JsonObject? section = null) => Fleet.HostAsync(
        configuration => configuration["BlueGreen"]!["Admin"] = section ?? [], untilHealthy: false, arguments: Urls(socket));

    private static async Task<(int ExitCode, string Output)> RunAsync(TemporaryFolder folder, string socket)
    {
        await File.WriteAllTextAsync(folder.File("gateway.json"), Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2").ToJsonString());
        return await GatewayProcess.RunToEndAsync(
            folder.Path, "--config", "gateway.json", "--urls", "http://127.0.0.1:0", $"--BlueGreen:Admin:Urls=http://unix:{socket}");
    }

    private static AdminClient Client(string socket) => new("http://localhost", new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
            return new NetworkStream(connection, ownsSocket: true);
        },
    });
}

using System.Net;
using System.Net.Sockets;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A gateway that has fewer file descriptors than its clients would take.</summary>
#pragma warning disable CA1001 // The test runner disposes of it by DisposeAsync.
public sealed class DescriptorTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly TemporaryFolder _folder = new();
    private TestApi _blue = null!;
    private TestApi _green = null!;

    public async Task InitializeAsync()
    {
        _blue = await TestApi.StartAsync("1.0.0");
        _green = await TestApi.StartAsync("2.0.0");
    }

    public async Task DisposeAsync()
    {
        await _blue.DisposeAsync();
        await _green.DisposeAsync();
        _folder.Dispose();
    }

    [LinuxFact]
    public async Task Connections_MoreThanThereAreDescriptorsFor_AreClosedAndEverythingElseGoesOn()
    {
        await using var gateway = await StartAsync("-n 400");
        await gateway.UntilOutputAsync("The limit of open files is 400");
        gateway.Output.Should().MatchRegex(@"The limit of open files is 400: \d+ connections of clients fit, in place of 20000 \(BlueGreen:Listen:MaxConnections\)");
        await gateway.Admin.UntilHealthyAsync();
        using var clients = new Disposables();
        var answered = 0;
        for (var index = 0; index < 600; index++)
        {
            if (await IsAnsweredAsync(gateway.Url, clients))
            {
                answered++;
            }
        }

        answered.Should().BeInRange(1, 200);
        (await gateway.Admin.CutoverAsync()).Status.Should().Be(200, "administration and the state have descriptors of their own");
        gateway.Output.Should().Contain("no file descriptor is left for one more");

        clients.Dispose();
        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        await AdminSection.UntilAsync(async () => await VersionAsync(client) == "2.0.0", () => gateway.Output);
        gateway.Output.Should().NotContain("   at ").And.NotContain("Out of memory");
        (await gateway.StopAsync()).Should().Be(0);
    }

    // The runtime would end the process at the first file that it can't open.
    [LinuxFact]
    public async Task Start_FewerThanTheGatewayItselfNeeds_IsRefusedWithWhatIsNeeded()
    {
        var file = _folder.File("gateway.json");
        await File.WriteAllTextAsync(file, Fleet.Configuration(_blue.Address, _green.Address).ToJsonString());

        // Too few to load everything, and too few by what is open when everything is loaded.
        foreach (var limit in new[] { 240, 325 })
        {
            var (exitCode, output) = await GatewayProcess.RunToEndAsync(
                _folder.Path, $"-n {limit}", ["--config", file, "--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0"]);

            exitCode.Should().Be(78, output);
            output.Should().MatchRegex($"limit of open files: \"{limit}\" is too low: at least [0-9]+ are needed").And.NotContain("   at ").And.NotContain("Now listening");
        }
    }

    // One connection of HTTP/2 may ask for more connections to the API than clients have connections.
    [LinuxFact]
    public async Task Destinations_NeedMoreThanThereIs_FailTheirRequestsAndNothingElse()
    {
        await using var gateway = await StartAsync("-n 400", "--Kestrel:EndpointDefaults:Protocols=Http2");
        await gateway.Admin.UntilHealthyAsync();
        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var more = new HttpClient { BaseAddress = new Uri(gateway.Url), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = 0;
        _blue.Trouble = async _ =>
        {
            Interlocked.Increment(ref held);
            await release.Task;
            return false;
        };
        var requests = Enumerable.Range(0, 200).Select(index => (index % 2 == 0 ? client : more).GetAsync("/orders/x")).ToList();
        await gateway.UntilOutputAsync("No file descriptor is left for a connection to");

        (await gateway.Admin.StatusAsync()).Active.Should().Be(BlueGreen.Contracts.SlotName.Blue);
        await AdminSection.UntilAsync(() => Task.FromResult(held + requests.Count(request => request.IsCompleted) == requests.Count), () => $"{held} of {requests.Count} are held");
        release.SetResult();

        var statuses = (await Task.WhenAll(requests)).Select(response => (int)response.StatusCode).ToList();
        statuses.Where(status => status == 200).Should().HaveCount(held);
        statuses.Where(status => status == 502).Should().HaveCount(requests.Count - held);
        _blue.Trouble = _ => Task.FromResult(false);
        await AdminSection.UntilAsync(async () => await VersionAsync(client) == "1.0.0", () => gateway.Output);
    }

    [LinuxFact]
    public async Task SoftLimit_BelowTheHardOne_IsRaised()
    {
        await using var gateway = await StartAsync("-Sn 400");

        var limits = (await File.ReadAllLinesAsync($"/proc/{gateway.Id}/limits")).Single(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);

        limits[3].Should().Be(limits[4]);
    }

    private async Task<GatewayProcess> StartAsync(string openFiles, params string[] arguments)
    {
        var file = _folder.File("gateway.json");
        await File.WriteAllTextAsync(file, Fleet.Configuration(_blue.Address, _green.Address).ToJsonString());
        return await GatewayProcess.StartAsync(file, _folder.Path, openFiles, arguments);
    }

    // The connection stays open, if the gateway lets it.
    private static async Task<bool> IsAnsweredAsync(string url, Disposables clients)
    {
        try
        {
            var connection = clients.Add(await RawConnection.OpenAsync(url));
            await connection.SendAsync("GET /orders/x HTTP/1.1\r\nHost: x\r\n\r\n");
            return (await connection.ReadTextUntilAsync("\r\n\r\n")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            return false;
        }
    }

    private static async Task<string?> VersionAsync(HttpClient client)
    {
        try
        {
            using var response = await client.GetAsync("/orders/x");
            return response.StatusCode == HttpStatusCode.OK ? await response.Content.ReadAsStringAsync() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}

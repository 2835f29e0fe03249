using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>The admin API on a Unix domain socket.</summary>
[SupportedOSPlatform("linux")]
public sealed class SocketTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Socket => _folder.File("admin.sock");

    private string Url => $"http://unix:{Socket}";

    [LinuxFact]
    public async Task Socket_InEveryNotation_ReachesTheGateway()
    {
        await using var fleet = await StartAsync(new JsonObject { ["Tokens"] = new JsonArray(AdminSection.Token("eyes", "look", "viewer")), ["Hosts"] = new JsonArray("gateway.example.com") });

        foreach (var url in new[] { $"http://unix:{Socket}", $"HTTP://unix:{Socket}", $"unix://{Socket}", $"unix:{Socket}" })
        {
            (await BlueGreenProcess.RunAsync(["status", "orders"], url, "look", ("http_proxy", "http://127.0.0.1:1"))).ShouldEndWith(0).Out.Should().Contain("orders: blue is active");
        }

        (await BlueGreenProcess.RunAsync(["status", "--url", Url, "-o", "json"], "http://127.0.0.1:1", "look")).ShouldEndWith(0).Json[0].GetProperty("name").GetString().Should().Be("orders");
        (await BlueGreenProcess.RunAsync(["status", "-o", "json"], Url)).ShouldEndWith(6).Code.Should().Be("unauthorized");
        (await BlueGreenProcess.RunAsync(["cutover", "--force", "-o", "json"], Url, "look")).ShouldEndWith(6).Code.Should().Be("forbidden");
    }

    [LinuxFact]
    public async Task Cutover_OverTheSocketGatewayKilledAndBackInTheMiddle_IsFollowedToItsEnd()
    {
        await using var fleet = await StartAsync();
        await fleet.Admin.UntilHealthyAsync();
        using var cutover = BlueGreenProcess.Start(["cutover", "--wait", "completed", "--bake", "4s"], Url);
        await cutover.UntilAsync("switched: orders");

        await fleet.Gateway.KillAsync();
        await cutover.UntilAsync($"nobody listens on the socket {Socket}; the gateway that made it has ended. Trying again.");
        await fleet.Gateway.DisposeAsync();
        await fleet.StartGatewayAsync(Urls);

        (await cutover.EndAsync()).ShouldEndWith(0).Out.Should().Contain("gateway is back").And.Contain("Done: orders is on green.");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    [LinuxFact]
    public async Task Watch_OverTheSocket_IsOneArrayOfEvents()
    {
        await using var fleet = await StartAsync();
        await fleet.Admin.UntilHealthyAsync();
        using var watch = BlueGreenProcess.Start(["watch", "orders", "-o", "json"], Url);
        await fleet.UntilListensAsync(watch);
        var release = (await fleet.Admin.CutoverAsync(until: "completed")).Release;
        await watch.UntilAsync($"\"sequence\":{release.Events[^1].Sequence},");

        watch.Interrupt();

        (await watch.EndAsync()).ShouldEndWith(0).Json.EnumerateArray().Where(entry => entry.GetProperty("release").GetString() == release.Id)
            .Select(entry => entry.GetProperty("type").GetString()).Should().Equal(release.Events.Select(entry => entry.Type));
    }

    [LinuxTheory]
    [InlineData("status")]
    [InlineData("cutover orders --timeout 10m")]
    [InlineData("watch")]
    public async Task Socket_ThatIsNotThere_EndsWith7AtOnceAndSaysWhichAndWhatToDo(string line)
    {
        var result = (await BlueGreenProcess.RunAsync([.. line.Split(' '), "-o", "json"], $"unix://{Socket}")).ShouldEndWith(7);

        result.Error.Should().Contain($"Can't reach {Url}: there is no socket {Socket}.").And.Contain("BlueGreen:Admin:Urls").And.Contain("--url");
        result.Code.Should().Be("gateway-not-reachable");
    }

    [LinuxFact]
    public async Task Socket_ThatNobodyListensOn_EndsWith7AndSaysWhatIsThere()
    {
        await using (var fleet = await StartAsync())
        {
            await fleet.Gateway.KillAsync();
        }

        (await BlueGreenProcess.RunAsync(["status"], Url)).ShouldEndWith(7).Error.Should().Contain($"nobody listens on the socket {Socket}");
        (await BlueGreenProcess.RunAsync(["status"], $"unix:{_folder.Path}")).ShouldEndWith(7).Error.Should().Contain($"{_folder.Path} is no socket.");
        await File.WriteAllTextAsync(_folder.File("notes.txt"), "precious");
        (await BlueGreenProcess.RunAsync(["status"], $"unix:{_folder.File("notes.txt")}")).ShouldEndWith(7).Error.Should().Contain("notes.txt is no socket.");
    }

    [ToolsFact("bash", "setpriv")]
    public async Task Socket_WithoutPermission_EndsWith7AndSaysWhoMayConnect()
    {
        await using var fleet = await StartAsync();
        File.SetUnixFileMode(Socket, UnixFileMode.None);

        // Permissions hold for root too when it may not override them.
        var as_ = Environment.IsPrivilegedProcess ? "setpriv --bounding-set=-dac_override,-dac_read_search " : "";
        var result = await Scripts.RunAsync($"{as_}bluegreen status", _folder.Path, Scripts.FolderWithBlueGreen(_folder.Path), ("BLUEGREEN_URL", Url));

        result.ShouldEndWith(7).Error.Should().Contain($"no permission for the socket {Socket}").And.Contain("BlueGreen:Admin:SocketMode");
    }

    [Theory]
    [InlineData("http://unix:")]
    [InlineData("http://unix:admin.sock")]
    [InlineData("unix:")]
    [InlineData("unix://")]
    [InlineData("unix:admin.sock")]
    [InlineData("unix://run/admin.sock")]
    [InlineData("https://unix:/run/admin.sock")]
    [InlineData("unix:/an-endless-path-an-endless-path-an-endless-path-an-endless-path-an-endless-path-an-endless-path-an-endless-path")]
    public async Task Url_NoAbsolutePathOfASocket_IsAUsageError(string url)
    {
        var result = (await BlueGreenProcess.RunAsync(["status", "-o", "json"], url)).ShouldEndWith(64);

        result.Code.Should().Be("usage");
        result.Error.Should().Contain($"\"{url}\" is not allowed").And.MatchRegex("such as http://unix:/|Write http://unix:/|about 100 bytes");
    }

    public void Dispose() => _folder.Dispose();

    private string Urls => $"--BlueGreen:Admin:Urls=http://127.0.0.1:0;{Url}";

    private Task<Fleet> StartAsync(JsonObject? section = null) =>
        Fleet.StartAsync(configuration => configuration["BlueGreen"]!["Admin"] = section ?? [], untilHealthy: false, arguments: Urls);
}

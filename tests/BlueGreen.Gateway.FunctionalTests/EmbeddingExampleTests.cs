using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary><c>deploy/examples/embedding</c> as a process: each thing that it shows.</summary>
public sealed class EmbeddingExampleTests
{
    [Fact]
    public async Task Example_WithItsGateItsEventsAndItsAlarm_DoesWhatItShows()
    {
        using var folder = new TemporaryFolder();
        await using var blue = await TestApi.StartAsync("1.0.0");
        await using var green = await TestApi.StartAsync("2.0.0");
        var configuration = Fleet.Configuration(blue.Address, green.Address);
        configuration["BlueGreen"]!["State"] = new System.Text.Json.Nodes.JsonObject { ["Directory"] = folder.File("state") };
        await File.WriteAllTextAsync(folder.File("appsettings.json"), configuration.ToJsonString());
        await using var gateway = await GatewayProcess.StartHostAsync(Program(), folder.Path);
        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        await gateway.Admin.UntilHealthyAsync();
        (await client.GetStringAsync("/about")).Should().Be("a gateway of our own");

        await File.WriteAllTextAsync(folder.File("freeze.txt"), "until Monday");
        var frozen = await gateway.Admin.CutoverAsync();
        frozen.Code.Should().Be(ProblemCodes.GateFailed, frozen.Body);
        frozen.Detail.Should().Contain("gate:freeze of orders: no release of orders 2.0.0 now: until Monday");
        File.Delete(folder.File("freeze.txt"));
        var cutover = await gateway.Admin.CutoverAsync();
        cutover.Status.Should().Be(200, cutover.Body);
        (await client.GetStringAsync("/orders/x")).Should().Be("2.0.0");
        await gateway.UntilOutputAsync($"release {cutover.Release.Id} switched");

        await File.WriteAllTextAsync(folder.File("alarm.txt"), "");
        await gateway.UntilOutputAsync("orders was rolled back by release");
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        (await gateway.Admin.SendAsync(HttpMethod.Get, "/v1/releases?limit=1")).Json[0].GetProperty("actor").GetString().Should().Be("alarm");
    }

    // Built with the tests, into its own folder: .../deploy/examples/embedding/bin/CONFIGURATION/FRAMEWORK.
    private static string Program()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var root = own;
        while (!File.Exists(Path.Combine(root.FullName, "BlueGreen.Gateway.sln")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository, whose example they start.");
        }

        return Path.Combine(root.FullName, "deploy", "examples", "embedding", "bin", own.Parent!.Name, own.Name, "embedding.dll");
    }
}

using Microsoft.AspNetCore.Http;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen config check</c>.</summary>
public sealed class ConfigCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Check_ConfigurationWithErrors_FindsTheSameAsTheGatewaysStart()
    {
        var file = Write(configuration =>
        {
            Fleet.Service(configuration)["Health"]!["Interval"] = "10";
            Fleet.Service(configuration)["Green"] = "orders-gren";
            Fleet.Service(configuration)["Bakes"] = new JsonObject();
            configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Urls"] = "http://0.0.0.0:9090" };
            configuration["Urls"] = "nonsense";
            configuration["ReverseProxy"]!["Routes"]!["orders"]!["AuthorizationPolicy"] = "default";
        });

        var start = await GatewayProcess.RunToEndAsync(_folder.Path, "--config", file);
        var check = (await BlueGreenProcess.RunAsync(["config", "check", file])).ShouldEndWith(64);

        start.ExitCode.Should().Be(78);
        var errors = start.Output.Split(Environment.NewLine);
        errors.Should().HaveCount(6);
        check.Lines.Should().Equal(errors.Select(error => "error: " + error));
        check.Error.Should().Contain("6 errors: the gateway would not start");
        var json = (await BlueGreenProcess.RunAsync(["config", "check", "--config", file, "-o", "json"])).ShouldEndWith(64);
        json.Code.Should().Be("configuration-invalid");
        json.Json.GetProperty("errors").GetArrayLength().Should().Be(6);
    }

    [Fact]
    public async Task Check_FileThatIsMissingOrNoJson_EndsWith64()
    {
        var file = _folder.File("broken.json");
        await File.WriteAllTextAsync(file, "{ \"BlueGreen\": ");

        (await BlueGreenProcess.RunAsync(["config", "check", file, _folder.File("missing.json")])).ShouldEndWith(64)
            .Out.Should().Contain("broken.json:1:16: is not JSON").And.Contain("is not a file that can be read");
    }

    [Fact]
    public async Task Check_RouteToNoCluster_IsWarnedOfWithWhatWasMeant()
    {
        var file = Write(configuration => configuration["ReverseProxy"]!["Routes"]!["astray"] = JsonNode.Parse("""{ "ClusterId": "Orders", "Match": { "Path": "/astray" } }"""));

        (await BlueGreenProcess.RunAsync(["config", "check", "--offline", file])).ShouldEndWith(0)
            .Lines.Should().ContainSingle(line => line.StartsWith("warning: ReverseProxy:Routes:astray:ClusterId: \"Orders\" is no cluster") && line.EndsWith("its routes name its cluster orders-blue."));
    }

    [Fact]
    public async Task Check_GatewayRunsWithIt_IsValidAndDisturbsNothing()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Drain"]!["Timeout"] = "00:05:00");
        var state = await File.ReadAllTextAsync(fleet.StateFile);

        var result = (await BlueGreenProcess.RunAsync(["config", "check", fleet.ConfigFile, "-o", "json"])).ShouldEndWith(0);

        result.Json.GetProperty("valid").GetBoolean().Should().BeTrue();
        result.Json.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetProperty("key").GetString()).Should().Equal("BlueGreen:Services:orders:Health:Timeout", "BlueGreen:Services:orders:Bake:Duration");
        (await File.ReadAllTextAsync(fleet.StateFile)).Should().Be(state);
        (await BlueGreenProcess.RunAsync(["config", "check", fleet.ConfigFile, "--strict"])).ShouldEndWith(64).Error.Should().Contain("2 warnings, and --strict");
    }

    [Fact]
    public async Task Check_ByLooking_FindsWhatNobodyMeant()
    {
        await using var blue = await TestApi.StartAsync("1.0.0");
        await using var other = await TestApi.StartAsync("7.7.7");
        other.Health = context => context.Response.WriteAsync("""{ "status": "healthy", "version": "7.7.7", "checks": { "billing": true } }""", CancellationToken.None);
        var file = Write(
            configuration =>
            {
                Fleet.Service(configuration)["Health"] = new JsonObject();
                Fleet.Service(configuration)["Bake"]!["Duration"] = "00:00:20";
                Fleet.Service(configuration)["Bake"]!["Prometheus"] = new JsonObject { ["Url"] = "http://127.0.0.1:1" };
                Fleet.Service(configuration)["Bake"]!["Queries"] = JsonNode.Parse("""{ "late": { "Query": "x", "Max": 1, "For": "00:01:00" }, "soon": { "Query": "x", "Max": 1 } }""");
                Fleet.Service(configuration)["Drain"]!["Timeout"] = "00:00:30";
                Fleet.Service(configuration)["Traffic"] = JsonNode.Parse("""{ "Shift": { "Steps": [ { "Weight": 10 } ] } }""");
                configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!["Destinations"]!["g2"] = new JsonObject { ["Address"] = "http://127.0.0.1:1" };
                configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!["Destinations"]!["g3"] = new JsonObject { ["Address"] = blue.Address };
                configuration["ReverseProxy"]!["Routes"]!["orders"]!["ClusterId"] = "orders-green";
            },
            blue.Address,
            other.Address);

        var result = (await BlueGreenProcess.RunAsync(["config", "check", file])).ShouldEndWith(0);

        result.Out.Should().Contain("Health:Path: green g2 (http://127.0.0.1:1) does not pass at /health: connection refused.")
            .And.Contain($"{blue.Address} is in both slots")
            .And.Contain("The destinations of green disagree about their version")
            .And.Contain("Bake:Duration: 00:00:20 is over before the probes can find the new slot unhealthy, which takes up to 00:00:25")
            .And.Contain("Bake:Queries:late: The bake is over after 00:00:20, before the query can count against the new slot, which takes 00:01:00 (For).")
            .And.NotContain("Bake:Queries:soon")
            .And.Contain("Drain:Timeout: 00:00:30 is shorter than the time that a request may wait for its answer")
            .And.Contain("Traffic:Shift:Steps:0:Duration: It is 0, so the step is over as soon as it begins.")
            .And.Contain("The configuration is valid;");
        (await BlueGreenProcess.RunAsync(["config", "check", file, "--offline"])).ShouldEndWith(0).Out.Should().NotContain("does not pass").And.Contain("Bake:Duration");
    }

    [Fact]
    public async Task Check_ValuesOverTheFile_Count()
    {
        var file = Write(_ => { });

        (await BlueGreenProcess.RunAsync(["config", "check", file, "--offline", "--set", "BlueGreen:Services:orders:Health:HealthyThreshold=0"])).ShouldEndWith(64)
            .Out.Should().Contain("HealthyThreshold: \"0\" is not allowed: a whole number from 1 to 100");
        (await BlueGreenProcess.RunAsync(["config", "check", file, "--offline"], environment: ("BlueGreen__Services__orders__Health__Timeout", "soon"))).ShouldEndWith(64);
        (await BlueGreenProcess.RunAsync(["config", "check", file, "--set", "nonsense"])).ShouldEndWith(64).Error.Should().Contain("KEY=VALUE");
    }

    public void Dispose() => _folder.Dispose();

    private string Write(Action<JsonNode> configure, string blue = "http://127.0.0.1:1", string green = "http://127.0.0.1:2")
    {
        var configuration = Fleet.Configuration(blue, green);
        configure(configuration);
        var file = _folder.File("gateway.json");
        File.WriteAllText(file, configuration.ToJsonString());
        return file;
    }
}

using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A client in TypeScript, generated from the served document, type-checked, and let loose on a gateway.</summary>
public sealed class GeneratedClientTests
{
    [NpmFact]
    public async Task Client_GeneratedFromTheDocument_CompilesAndDrivesTheGateway()
    {
        await using var fleet = await Fleet.StartAsync(configuration =>
            configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Tokens"] = new JsonArray(AdminSection.Token("ci", "generated", "operator")) }, untilHealthy: false);
        await NpmProject.RestoreAsync();
        fleet.Admin.Http.DefaultRequestHeaders.Authorization = new("Bearer", "generated");
        await fleet.Admin.UntilHealthyAsync();
        await File.WriteAllTextAsync(Path.Combine(NpmProject.Folder, "openapi.json"), (await fleet.Admin.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Body);

        await NpmProject.RunAsync("npm", "run", "--silent", "generate");
        await NpmProject.RunAsync("npm", "run", "--silent", "build");
        var output = await NpmProject.RunAsync(
            "node", Path.Combine("out", "drive.js"), fleet.Admin.Http.BaseAddress!.ToString().TrimEnd('/'), fleet.Green.Address, "generated");

        output.Should().EndWith("driven to the end\n");
    }
}

using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What becomes of a running gateway whose configuration file changes, goes away, or is turned with its folder.</summary>
public sealed class ReloadTests
{
    // A folder in place of the file stands for every file that can't be read: permissions say nothing to tests that run as root.
    [Fact]
    public async Task File_CantBeUsedAnyMore_EverythingStaysAndOneLineSaysSo()
    {
        await using var fleet = await Fleet.HostAsync();
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var bad = new (string Expected, Action Break)[]
        {
            ("is missing", () => File.Delete(fleet.ConfigFile)),
            ("is empty", () => File.WriteAllText(fleet.ConfigFile, "")),
            ("is empty", () => File.WriteAllText(fleet.ConfigFile, " \n\t\n")),
            ("is not JSON", () => File.WriteAllText(fleet.ConfigFile, before[..^20])),
            ("is not JSON", () => File.WriteAllText(fleet.ConfigFile, "[]")),
            ("has no BlueGreen any more", () => File.WriteAllText(fleet.ConfigFile, "{}")),
            ("has no ReverseProxy any more", () => Rewrite(fleet, before, configuration => ((JsonObject)configuration).Remove("ReverseProxy"))),
            ("has no ReverseProxy:Routes any more", () => Rewrite(fleet, before, configuration => configuration["ReverseProxy"]!["Routes"] = new JsonObject())),
            ("has no ReverseProxy:Clusters any more", () => Rewrite(fleet, before, configuration => ((JsonObject)configuration["ReverseProxy"]!).Remove("Clusters"))),
            ("is larger than 16 MB", () =>
            {
                File.Delete(fleet.ConfigFile);
                File.CreateSymbolicLink(fleet.ConfigFile, "/dev/zero");
            }),
            ("is a folder", () =>
            {
                File.Delete(fleet.ConfigFile);
                Directory.CreateDirectory(fleet.ConfigFile);
            }),
        };
        foreach (var (expected, destroy) in bad)
        {
            var lines = CountOf(fleet, " stays in use");

            destroy();
            await UntilCountAsync(fleet, " stays in use", lines + 1);

            var line = LinesOf(fleet, " stays in use")[^1];
            line.Should().Contain(expected).And.Contain(fleet.ConfigFile).And.Contain("[ERR]");
            await fleet.Admin.UntilAsync(status => status.Warnings.Any(warning => warning.Contains(expected, StringComparison.Ordinal)));
            (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0", line);
        }

        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        (await client.GetStringAsync("/orders/x")).Should().Be("2.0.0");
        CountOf(fleet, " stays in use").Should().Be(bad.Length, "each is said once");

        Directory.Delete(fleet.ConfigFile);
        Rewrite(fleet, before, AddRoute);
        await AdminSection.UntilAsync(async () => (await StatusAsync(client, "/more/x")) == HttpStatusCode.OK, () => fleet.Gateway.Output);
        await UntilCountAsync(fleet, " was read again", 1);
        CountOf(fleet, " was read again").Should().Be(1, "each reload is a line of its own, and only the last content was one");
        await fleet.Admin.UntilAsync(status => !status.Warnings.Any(warning => warning.Contains("Configuration file", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task File_WithAMisspeltKey_IsReadAndWarnedOf()
    {
        await using var fleet = await Fleet.HostAsync();
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);

        Rewrite(fleet, before, configuration =>
        {
            configuration["ReverseProxy"]!["Routes"]!["orders"]!["Match"]!["Metods"] = new JsonArray("GET");
            configuration["BlueGren"] = new JsonObject { ["Services"] = new JsonObject() };
        });
        await UntilCountAsync(fleet, "would end the next start", 2);

        LinesOf(fleet, "would end the next start").Should().OnlyContain(line => line.Contains("[WRN]", StringComparison.Ordinal))
            .And.Contain(line => line.Contains("ReverseProxy:Routes:orders:Match:Metods: is not a known key: did you mean Methods?", StringComparison.Ordinal))
            .And.Contain(line => line.Contains("BlueGren: is not a known section of gateway.json: did you mean BlueGreen?", StringComparison.Ordinal));
        await fleet.Admin.UntilAsync(status => status.Warnings.Count(warning => warning.Contains("would end the next start", StringComparison.Ordinal)) == 2);

        // Mended by taking the section away: nothing reads it.
        await File.WriteAllTextAsync(fleet.ConfigFile, before);
        await fleet.Admin.UntilAsync(status => !status.Warnings.Any(warning => warning.Contains("next start", StringComparison.Ordinal)));
        CountOf(fleet, " stays in use").Should().Be(0);
    }

    [Fact]
    public async Task File_BackAsItWas_IsSaidSo()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);
        File.Delete(fleet.ConfigFile);
        await fleet.Gateway.UntilOutputAsync("is missing");

        await File.WriteAllTextAsync(fleet.ConfigFile, before);

        await fleet.Gateway.UntilOutputAsync("is again what it was");
        CountOf(fleet, " was read again").Should().Be(0);
    }

    // As Kubernetes mounts a ConfigMap: gateway.json -> ..data/gateway.json, and ..data -> a folder that is replaced by renaming a link.
    [LinuxFact]
    public async Task Folder_TurnedAsAConfigMap_RoutesAndTokensAreReadAgain()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        await fleet.Gateway.DisposeAsync();
        var mount = Directory.CreateDirectory(Path.Combine(fleet.Folder, "mount")).FullName;
        var configuration = JsonNode.Parse(await File.ReadAllTextAsync(fleet.ConfigFile))!;
        var secrets = new JsonObject { ["BlueGreen"] = new JsonObject() };
        Turn(mount, "..v1", configuration, WithToken(secrets, "old"));
        foreach (var file in new[] { "gateway.json", "secrets.json" })
        {
            File.CreateSymbolicLink(Path.Combine(mount, file), Path.Combine("..data", file));
        }

        await using var gateway = await GatewayProcess.StartAsync(Path.Combine(mount, "gateway.json"), fleet.Folder, "--config", Path.Combine(mount, "secrets.json"));
        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        (await StatusAsync(client, "/more/x")).Should().Be(HttpStatusCode.NotFound);

        AddRoute(configuration);
        Turn(mount, "..v2", configuration, WithToken(secrets, "new"));
        Directory.Delete(Path.Combine(mount, "..v1"), recursive: true);

        await AdminSection.UntilAsync(async () => (await StatusAsync(client, "/more/x")) == HttpStatusCode.OK, () => gateway.Output);
        await AdminSection.UntilAsync(async () => await AskAsync(gateway, "new") == 200, () => gateway.Output);
        (await AskAsync(gateway, "old")).Should().Be(401);
    }

    private static void AddRoute(JsonNode configuration) =>
        configuration["ReverseProxy"]!["Routes"]!["more"] = JsonNode.Parse("""{ "ClusterId": "orders-blue", "Match": { "Path": "/more/{**rest}" }, "Transforms": [ { "PathSet": "/orders/x" } ] }""");

    private static JsonObject WithToken(JsonObject secrets, string token)
    {
        AdminSection.WithTokens(AdminSection.Token("ci", token, "viewer"))(secrets);
        return secrets;
    }

    private static void Turn(string mount, string version, JsonNode configuration, JsonNode secrets)
    {
        var folder = Directory.CreateDirectory(Path.Combine(mount, version)).FullName;
        File.WriteAllText(Path.Combine(folder, "gateway.json"), configuration.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "secrets.json"), secrets.ToJsonString());
        var link = Path.Combine(mount, "..data_tmp");
        File.CreateSymbolicLink(link, version);
        using var rename = Process.Start("mv", ["-T", link, Path.Combine(mount, "..data")]);
        rename.WaitForExit();
        rename.ExitCode.Should().Be(0);
    }

    private static void Rewrite(Fleet fleet, string text, Action<JsonNode> change)
    {
        var configuration = JsonNode.Parse(text)!;
        change(configuration);
        File.WriteAllText(fleet.ConfigFile, configuration.ToJsonString());
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return response.StatusCode;
    }

    private static async Task<int> AskAsync(GatewayProcess gateway, string token) =>
        (await gateway.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders", headers: ("Authorization", $"Bearer {token}"))).Status;

    private static string[] LinesOf(Fleet fleet, string text) =>
        [.. fleet.Gateway.Output.Split(Environment.NewLine).Where(line => line.Contains(text, StringComparison.Ordinal))];

    private static int CountOf(Fleet fleet, string text) => LinesOf(fleet, text).Length;

    private static Task UntilCountAsync(Fleet fleet, string text, int count) =>
        AdminSection.UntilAsync(() => Task.FromResult(CountOf(fleet, text) >= count), () => $"{count} lines with \"{text}\" are missing:\n{fleet.Gateway.Output}");
}

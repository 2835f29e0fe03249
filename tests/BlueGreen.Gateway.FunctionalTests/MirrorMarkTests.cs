using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Gateway and API with a key: the API recognizes copies, and nothing else.</summary>
public sealed class MirrorMarkTests
{
    private const string Key = "the first key, of thirty-two bytes and more";
    private const string NextKey = "the second key, of thirty-two bytes and more";

    private static readonly object Posts = new { methods = new[] { "POST" } };

    [Fact]
    public async Task Copy_ForAnApiWithTheKey_ChargesNothingAndAClientsRequestDoes()
    {
        await using var api = await MirrorAwareApi.StartAsync("2.0.0", Key);
        await using var fleet = await StartAsync(api, mirroring => mirroring["Key"] = Key);
        using var client = fleet.Client();
        var report = await fleet.MirrorAsync(Posts);
        report.Warnings.Should().ContainSingle("the requests are carried out twice, and the API can tell");

        (await PostAsync(client, "/orders/charge")).Should().StartWith("1.0.0");
        (await PostAsync(client, "/orders/mail")).Should().StartWith("1.0.0");
        await fleet.UntilMirrorAsync(now => now is { Answered: 2, Open: 0 });
        api.Done.Should().Equal("not charged");

        // The same version in production: what a client sends is no mark.
        var cutover = await fleet.Admin.CutoverAsync(until: "drained");
        cutover.Status.Should().Be(200, cutover.Body);
        (await PostAsync(client, "/orders/charge", "1")).Should().Be("2.0.0");
        (await PostAsync(client, "/orders/mail", "1")).Should().Be("2.0.0");
        api.Done.Should().Equal("not charged", "charged", "mailed");

        // Around the gateway, by whoever does not have the key.
        using var direct = new HttpClient { BaseAddress = new Uri(api.Address) };
        (await PostAsync(direct, "/orders/charge", $"{new string('0', 32)}.{new string('A', 43)}")).Should().Be("2.0.0");
        api.Done.Should().Equal("not charged", "charged", "mailed", "charged");
    }

    // What nobody can verify is done: else a header could switch payments off.
    [Theory]
    [InlineData(null, Key)]
    [InlineData(Key, null)]
    [InlineData(Key, NextKey)]
    public async Task Copy_ThatTheApiCannotVerify_IsCarriedOut(string? ofTheGateway, string? ofTheApi)
    {
        await using var api = await MirrorAwareApi.StartAsync("2.0.0", ofTheApi is null ? [] : [ofTheApi]);
        await using var fleet = await StartAsync(api, mirroring => mirroring["Key"] = ofTheGateway);
        using var client = fleet.Client();
        var report = await fleet.MirrorAsync(Posts);
        report.Warnings.Should().HaveCount(ofTheGateway is null ? 2 : 1);

        (await PostAsync(client, "/orders/charge")).Should().StartWith("1.0.0");

        await fleet.UntilMirrorAsync(now => now is { Answered: 1, Open: 0 });
        api.Done.Should().Equal("charged");
    }

    [Fact]
    public async Task Key_OfAFileThatIsReplaced_SignsTheNextMirrorAndTheApiKnowsBoth()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("mirror.key");
        await File.WriteAllTextAsync(file, $"{Key}\n");
        await using var api = await MirrorAwareApi.StartAsync("2.0.0", Key, NextKey);
        await using var fleet = await StartAsync(api, mirroring => mirroring["KeyFile"] = file);
        using var client = fleet.Client();

        await MirrorOnceAsync();
        await File.WriteAllTextAsync(file, NextKey);
        await MirrorOnceAsync();
        api.Done.Should().Equal("not charged", "not charged");

        // One that can't be used changes nothing, and is not shown.
        await File.WriteAllTextAsync(file, "too short");
        var refused = await fleet.Admin.PostAsync(MirrorClient.Path, Posts);
        (refused.Status, refused.Code).Should().Be((409, ProblemCodes.MirrorKeyUnreadable));
        refused.Detail.Should().Be($"BlueGreen:Mirroring:KeyFile: \"{file}\" can't be used: the file must hold one key of at least 32 characters.");
        (await fleet.MirrorStatusAsync()).Running.Should().BeFalse();

        async Task MirrorOnceAsync()
        {
            await fleet.MirrorAsync(Posts);
            await PostAsync(client, "/orders/charge");
            await fleet.UntilMirrorAsync(now => now is { Answered: 1, Open: 0 });
            (await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path)).Status.Should().Be(200);
        }
    }

    [Fact]
    public async Task KeyFile_ThatIsMissing_IsAnErrorOfTheConfiguration()
    {
        var start = async () => await Fleet.HostAsync(configuration => configuration["BlueGreen"]!["Mirroring"] = JsonNode.Parse("""{ "KeyFile": "/nowhere/mirror.key" }"""));

        (await start.Should().ThrowAsync<Exception>()).Which.ToString().Should().Contain("BlueGreen:Mirroring:KeyFile").And.Contain("can't be read: ");
    }

    private static Task<Fleet> StartAsync(MirrorAwareApi green, Action<JsonObject> configure) => Fleet.HostAsync(configuration =>
    {
        var mirroring = new JsonObject();
        configure(mirroring);
        configuration["BlueGreen"]!["Mirroring"] = mirroring;
        configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!["Destinations"]!["g1"]!["Address"] = green.Address;
    });

    private static async Task<string> PostAsync(HttpClient client, string path, string? mark = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (mark is not null)
        {
            request.Headers.Add(MirrorClient.Header, mark);
        }

        using var response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}

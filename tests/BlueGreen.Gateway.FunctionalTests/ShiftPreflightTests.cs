using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What a preflight says before a shift by client address, of traffic that comes from few of them.</summary>
public sealed class ShiftPreflightTests
{
    private const int Requests = 1100;

    [Fact]
    public async Task Preflight_OfAShiftByAddressWithOneClient_WarnsAndNamesWhatToSet()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Traffic(configuration));
        (await WarningsAsync(fleet)).Should().BeEmpty("nothing was measured yet");

        await SendAsync(fleet);

        (await WarningsAsync(fleet)).Should().ContainSingle().Which.Should().StartWith($"Traffic:Key is client, and the {Requests} responses of the last 1 min went to about 1 client address.")
            .And.Contain("BlueGreen:Forwarding:TrustedProxies").And.Contain("header:NAME, cookie or request");
        (await WarningsAsync(fleet)).Should().ContainSingle("looking changes nothing");
    }

    [Fact]
    public async Task Preflight_OfAShiftByAddressWithManyClients_DoesNotWarn()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            Traffic(configuration);
            configuration["BlueGreen"]!["Forwarding"] = new JsonObject { ["TrustedProxies"] = new JsonArray("127.0.0.1", "::1") };
        });

        await SendAsync(fleet, number => $"198.51.100.{number % 200}");

        (await WarningsAsync(fleet)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("header:X-Client", true)]
    [InlineData("cookie", true)]
    [InlineData("request", true)]
    [InlineData("client", false)]
    public async Task Preflight_OfAnotherKeyOrWithoutAShift_DoesNotWarn(string key, bool shifts)
    {
        await using var fleet = await Fleet.HostAsync(configuration => Traffic(configuration, key, shifts));

        await SendAsync(fleet);

        (await WarningsAsync(fleet)).Should().BeEmpty();
    }

    private static void Traffic(JsonNode configuration, string key = "client", bool shifts = true)
    {
        var traffic = new JsonObject { ["Key"] = key };
        if (shifts)
        {
            traffic["Shift"] = new JsonObject { ["ByEvidence"] = new JsonObject { ["MaxBadResponses"] = 50 } };
        }

        Fleet.Service(configuration)["Traffic"] = traffic;
    }

    private static async Task<IReadOnlyList<string>> WarningsAsync(Fleet fleet)
    {
        var answer = await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight");
        answer.Status.Should().Be(200, answer.Body);
        return [.. answer.Json.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()!)];
    }

    private static async Task SendAsync(Fleet fleet, Func<int, string>? address = null)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 8 }) { BaseAddress = new Uri(fleet.Gateway.Url) };
        await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, token) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/x");
            if (address is not null)
            {
                request.Headers.Add("X-Forwarded-For", address(number).ToString(CultureInfo.InvariantCulture));
            }

            using var response = await http.SendAsync(request, token);
            response.EnsureSuccessStatusCode();
        });
    }
}

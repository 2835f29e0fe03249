using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>gRPC calls are HTTP 200 even when they fail: the bake judges them by their status.</summary>
public sealed class BakeGrpcTests
{
    private const string Missing = "none";

    [Theory]
    [InlineData("2", false)]
    [InlineData("13", false)]
    [InlineData("14", true)]
    [InlineData("99", false)]
    [InlineData(Missing, false)]
    public async Task Status_OfAServersFailure_RollsBack(string status, bool inHeaders)
    {
        await using var fleet = await StartAsync();
        fleet.Blue.Trouble = Answering("0", inHeaders: false);
        await CallAsync(fleet, 200);
        fleet.Green.Trouble = Answering(status, inHeaders);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var ended = await CallUntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().MatchRegex(@"orders: \d+ of \d+ responses failed on green; blue 0 %");
        ended.Bake.Services[0].Counts.Status5xx.Should().Be(0, "over HTTP they are 200");
    }

    // NOT_FOUND and the like say something of the request.
    [Theory]
    [InlineData("0", false)]
    [InlineData("5", true)]
    [InlineData("16", false)]
    public async Task Status_OfTheRequestsFault_IsNotHeldAgainstTheSlot(string status, bool inHeaders)
    {
        await using var fleet = await StartAsync();
        fleet.Green.Trouble = Answering(status, inHeaders);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        await CallAsync(fleet, 100);
        var seen = await CallUntilAsync(fleet, id, release => release.Bake.Services is [{ Responses: >= 100 }]);

        seen.Bake.Services[0].Metrics[0].Should().Match<BakeMetric>(metric => metric.Name == "5xx" && metric.Bad == 0);
        seen.Status.IsEnded().Should().BeFalse();
    }

    // A call that breaks off without a status is the API's failure, as it is over plain HTTP.
    [Fact]
    public async Task Call_BrokenOffByTheApi_RollsBack()
    {
        await using var fleet = await StartAsync();
        fleet.Green.Trouble = async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 1, 42 });
            await context.Response.Body.FlushAsync();
            context.Abort();
            return true;
        };

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var ended = await CallUntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Detail.Should().Contain("responses failed on green");
        ended.Bake.Services[0].Counts.DestinationFaults.Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task FailOn_AStatusByItsNumber_IsAMetricOfItsOwn()
    {
        await using var fleet = await StartAsync("""[ "grpc:7" ]""");
        fleet.Blue.Trouble = Answering("0", inHeaders: false);
        await CallAsync(fleet, 200);
        fleet.Green.Trouble = Answering("7", inHeaders: false);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var ended = await CallUntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Detail.Should().Contain("responses had status grpc:permission_denied on green; blue 0 %");
        ended.Bake.Services[0].Metrics.Select(metric => (metric.Name, metric.Status)).Should().Equal(("5xx", "watching"), ("grpc:permission_denied", "failed"), ("hangs", "watching"));
    }

    // A stream that the gateway closes for a drain ends with UNAVAILABLE, which is the gateway's word.
    [Fact]
    public async Task Stream_ClosedByTheGatewayForADrain_IsNotHeldAgainstTheSlot()
    {
        using var folder = new TemporaryFolder();
        await using var fleet = await StartAsync(recordings: folder.Path);
        using var call = GrpcCall.Start(fleet.Gateway.Url);
        (await call.EchoAsync("one")).Should().Be("one");

        await fleet.Admin.CutoverAsync();
        (await call.ReceiveAsync()).Should().BeNull();
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
        fleet.Green.Trouble = Answering("14", inHeaders: false);
        await CallAsync(fleet, 1);
        await fleet.Gateway.StopAsync();

        call.Status.Should().Be("14");
        var recorded = File.ReadLines(Directory.GetFiles(folder.Path, "orders-*.csv").Single()).Skip(1).Select(line => line.Split(',')).ToList();
        recorded.Select(columns => columns[1]).Should().Equal("blue", "green");
        recorded[0][3].Should().NotContain("grpc", "that status is the gateway's");
        recorded[1][3].Should().Be("grpc:14");
    }

    private static Task<Fleet> StartAsync(string failOn = "[]", string? recordings = null) => Fleet.HostAsync(
        configuration =>
        {
            var service = Fleet.Service(configuration);
            service["Bake"] = JsonNode.Parse($$"""{ "Duration": "00:01:00", "FailOn": {{failOn}}, "Latency": { "Enabled": false } }""");
            if (recordings is not null)
            {
                service["Bake"]!["Record"] = new JsonObject { ["Directory"] = recordings };
            }

            service["Drain"] = JsonNode.Parse("""{ "Timeout": "00:00:30", "LongLived": { "Grace": "00:00:00", "Spread": "00:00:00" } }""");
        },
        HttpProtocols.Http2);

    private static Func<HttpContext, Task<bool>> Answering(string status, bool inHeaders) => async context =>
    {
        context.Response.ContentType = "application/grpc+proto";
        if (inHeaders)
        {
            context.Response.Headers["grpc-status"] = status;
            return true;
        }

        if (status != Missing)
        {
            context.Response.AppendTrailer("grpc-status", status);
        }

        await context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 1, 42 });
        return true;
    };

    private static async Task CallAsync(Fleet fleet, int times)
    {
        using var http = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var count = 0; count < times; count++)
        {
            await CallOnceAsync(http);
        }
    }

    private static async Task<Release> CallUntilAsync(Fleet fleet, string id, Func<Release, bool> condition)
    {
        using var http = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            await CallOnceAsync(http);
            var release = await fleet.Admin.ReleaseAsync(id);
            if (condition(release))
            {
                return release;
            }

            limit.IsCancellationRequested.Should().BeFalse("{0}", release);
        }
    }

    private static async Task CallOnceAsync(HttpClient http)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders/call") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent([0, 0, 0, 0, 0]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        try
        {
            using var response = await http.SendAsync(request);
        }
        catch (HttpRequestException)
        {
            // Broken off, as one of the tests wants it.
        }
    }
}

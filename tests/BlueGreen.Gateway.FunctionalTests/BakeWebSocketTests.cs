using System.Net.WebSockets;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A WebSocket is one response to HTTP, however it ends: the bake judges its end.</summary>
public sealed class BakeWebSocketTests
{
    private const int Internal = (int)WebSocketCloseStatus.InternalServerError;

    [Theory]
    [InlineData("1.1", Internal)]
    [InlineData("2.0", Internal)]
    [InlineData("1.1", 1014)]
    [InlineData("1.1", 0)]
    public async Task Sockets_BrokenByTheNewSlot_RollBack(string http, int code)
    {
        await using var fleet = await StartAsync(http);
        for (var count = 0; count < 5; count++)
        {
            await ConnectAsync(fleet, http);
        }

        fleet.Green.Trouble = Ending(code);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var ended = await ConnectUntilAsync(fleet, http, id, release => release.Status.IsEnded());

        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().MatchRegex(@"orders: \d+ of \d+ WebSockets were broken off on green; blue 0 %; evidence");
        var metric = ended.Bake.Services[0].Metrics.Should().ContainSingle(metric => metric.Name == "websocket").Subject;
        metric.Status.Should().Be("failed");
        metric.BaselineN.Should().Be(5);
    }

    // The client, or an API that restarts in an orderly way.
    [Theory]
    [InlineData("1.1", null)]
    [InlineData("2.0", null)]
    [InlineData("1.1", 1000)]
    [InlineData("1.1", 1012)]
    public async Task Sockets_ClosedInAnOrderlyWay_AreGood(string http, int? code)
    {
        await using var fleet = await StartAsync(http);
        await ConnectAsync(fleet, http);
        if (code is { } orderly)
        {
            fleet.Green.Trouble = Ending(orderly);
        }

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var seen = await ConnectUntilAsync(fleet, http, id, release => Socket(release) is { N: >= 10 });

        Socket(seen)!.Bad.Should().Be(0);
    }

    [Fact]
    public async Task Sockets_WhoseClientsVanish_AreNobodysFailure()
    {
        await using var fleet = await StartAsync("1.1");
        await ConnectAsync(fleet, "1.1");
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        for (var count = 0; count < 5; count++)
        {
            using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version("1.1"));
            await client.EchoAsync();
            client.Vanish();
        }

        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Total == 0);
        var seen = await ConnectUntilAsync(fleet, "1.1", id, release => Socket(release) is { N: >= 1 });

        Socket(seen)!.Bad.Should().Be(0);
    }

    // What a drain closes is the gateway's doing: the recording tells it from what ends well and what breaks.
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Sockets_ClosedByADrain_AreNotJudged(string http)
    {
        using var folder = new TemporaryFolder();
        await using var fleet = await StartAsync(http, folder.Path);
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();

        await fleet.Admin.CutoverAsync();
        await client.UntilClosedAsync();
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
        await ConnectAsync(fleet, http);
        fleet.Green.Trouble = Ending(Internal);
        await ConnectAsync(fleet, http);
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Total == 0);
        await fleet.Gateway.StopAsync();

        client.CloseCode.Should().Be(1012);
        var recorded = File.ReadLines(Directory.GetFiles(folder.Path, "orders-*.csv").Single()).Skip(1).Select(line => line.Split(',')).ToList();
        recorded.Select(columns => (Slot: columns[1], Ending: columns[3])).Should().Equal(("blue", "upgrade"), ("green", "closed"), ("green", "broken"));
    }

    // A metric more would take its share of the evidence from the others.
    [Fact]
    public async Task Service_WithoutSockets_IsNotJudgedByThem()
    {
        await using var fleet = await StartAsync("1.1");

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 1, TimeSpan.FromMilliseconds(10));
        await crowd.UntilAsync(it => it.Requests > 10);

        var seen = await fleet.Admin.UntilAsync(status => status.Release is { Bake.Services.Count: 1 });
        seen.Release!.Id.Should().Be(id);
        seen.Release.Bake.Services[0].Metrics.Select(metric => metric.Name).Should().Equal("5xx", "hangs");
    }

    private static BakeMetric? Socket(Release release) => release.Bake.Services.SingleOrDefault()?.Metrics.SingleOrDefault(metric => metric.Name == "websocket");

    private static Task<Fleet> StartAsync(string http, string? recordings = null) => Fleet.HostAsync(
        configuration =>
        {
            var service = Fleet.Service(configuration);
            service["Bake"] = JsonNode.Parse("""{ "Duration": "00:01:00", "Latency": { "Enabled": false } }""");
            if (recordings is not null)
            {
                service["Bake"]!["Record"] = new JsonObject { ["Directory"] = recordings };
            }

            service["Drain"] = JsonNode.Parse("""{ "Timeout": "00:00:30", "LongLived": { "Grace": "00:00:00", "Spread": "00:00:00" } }""");
        },
        http == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);

    // Accepts, reads one message, and ends: with a close frame, or without one.
    private static Func<HttpContext, Task<bool>> Ending(int code) => async context =>
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return false;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await socket.ReceiveAsync(new byte[100], context.RequestAborted);
        if (code == 0)
        {
            context.Abort();
        }
        else
        {
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, "as the test says", context.RequestAborted);
            await socket.ReceiveAsync(new byte[100], context.RequestAborted);
        }

        return true;
    };

    private static async Task ConnectAsync(Fleet fleet, string http)
    {
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        if (await client.EchoAsync() is not null)
        {
            await client.CloseAsync();
        }
    }

    private static async Task<Release> ConnectUntilAsync(Fleet fleet, string http, string id, Func<Release, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            await ConnectAsync(fleet, http);
            var release = await fleet.Admin.ReleaseAsync(id);
            if (condition(release))
            {
                return release;
            }

            limit.IsCancellationRequested.Should().BeFalse("{0} {1}", release, Socket(release));
        }
    }
}

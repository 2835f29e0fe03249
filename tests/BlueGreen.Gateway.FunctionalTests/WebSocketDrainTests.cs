using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>WebSockets through switches, over both versions of HTTP: to the client, to the API, and between them.</summary>
public sealed class WebSocketDrainTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task WebSocket_ThroughACutover_WorksUntilTheGraceIsOverAndIsThenClosedAsTheProtocolHasIt(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:03", spread: "00:00:00");
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        (await client.EchoAsync()).Should().Be("1.0.0");
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Should().Be(new InFlightCounts(0, 0, 1, 1));

        var release = (await fleet.Admin.CutoverAsync()).Release;

        (await client.EchoAsync()).Should().Be("1.0.0", "the old slot goes on serving it");
        release.Drain!.StartedWith.Should().Be(1);
        using var second = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        (await second.EchoAsync()).Should().Be("2.0.0", "a new connection goes to the new slot");
        await client.UntilClosedAsync();
        client.CloseCode.Should().Be(1012, client.Broken);
        client.Reason.Should().Be("service restart");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
        fleet.Blue.LongLived.CloseCodes.Should().Equal(1012);
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.ReleaseAsync(release.Id)).Drain.Should().BeEquivalentTo(new { StartedWith = 1, Remaining = 0, Aborted = 0 });
        (await second.EchoAsync()).Should().Be("2.0.0", "nobody asks the new slot's connections to leave");
        (await fleet.Admin.StatusAsync()).Slots.Green.InFlight.Should().Be(new InFlightCounts(0, 0, 1, 1));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task WebSocket_CloseCodeConfigured_IsWhatBothSidesAreTold(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:00", spread: "00:00:00", closeCode: 1001);
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();

        await fleet.Admin.CutoverAsync();

        await client.UntilClosedAsync();
        client.CloseCode.Should().Be(1001, client.Broken);
        await fleet.Admin.UntilNoReleaseAsync();
        fleet.Blue.LongLived.CloseCodes.Should().Equal(1001);
    }

    [Fact]
    public async Task WebSocket_MessageUnderWay_IsAnsweredBeforeTheCloseFrame()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:00", spread: "00:00:00");
        fleet.Blue.LongLived.AnswerTime = TimeSpan.FromMilliseconds(500);
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11);
        var echo = client.EchoAsync();
        await UntilAsync(() => fleet.Blue.LongLived.Messages == 1);

        await fleet.Admin.CutoverAsync();

        (await echo).Should().Be("1.0.0", "what the API was given is answered");
        await client.UntilClosedAsync();
        client.CloseCode.Should().Be(1012, client.Broken);
    }

    // Bigger than any buffer on the way, and sent in pieces: a close frame in the middle would be read as part of the message.
    [Fact]
    public async Task WebSocket_MessageInPieces_IsNotInterruptedByTheCloseFrame()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:00", spread: "00:00:00");
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11);
        var echoes = Task.Run(async () =>
        {
            while (await client.EchoAsync(new string('x', 300_000)) is not null)
            {
            }
        });
        await UntilAsync(() => fleet.Blue.LongLived.Messages > 3);

        await fleet.Admin.CutoverAsync();

        await echoes;
        client.CloseCode.Should().Be(1012, client.Broken);
        (client.Sent - client.Answered).Should().BeLessThanOrEqualTo(1, "only a message that nobody was given may be unanswered");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    [Fact]
    public async Task WebSocket_ApiIgnoresTheCloseFrame_ClientIsToldNevertheless()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:00", spread: "00:00:00");
        fleet.Blue.LongLived.IgnoresClose = true;
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11);
        await client.EchoAsync();

        await fleet.Admin.CutoverAsync(new { drainSeconds = 20 });

        await client.UntilClosedAsync();
        client.CloseCode.Should().Be(1012, client.Broken);
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Total.Should().Be(0);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task WebSocket_StillOpenAtTheDeadline_IsCancelledAndCounted(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:00", spread: "00:00:00");
        fleet.Blue.LongLived.IgnoresClose = true;
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();

        var release = (await fleet.Admin.CutoverAsync(new { drainSeconds = 0.5 }, until: "completed")).Release;

        release.Drain.Should().BeEquivalentTo(new { StartedWith = 1, Remaining = 0, Aborted = 1 }, fleet.Gateway.Output);
        await client.UntilClosedAsync();
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Total.Should().Be(0);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Rollback_DuringTheDrain_LeavesTheConnectionsWhereTheyAre(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:03", spread: "00:00:00");
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 60 });

        (await fleet.Admin.RollbackAsync(until: "completed")).Status.Should().Be(200);

        // Past the grace of the first drain.
        await Task.Delay(TimeSpan.FromSeconds(3.5));
        (await client.EchoAsync()).Should().Be("1.0.0", client.Broken);
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Should().Be(new InFlightCounts(0, 0, 1, 1));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task InFlight_ClientVanishesFromItsWebSocket_CountsDownToZero(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:10", spread: "00:00:00");
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();

        client.Vanish();

        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
        await UntilAsync(() => fleet.Blue.LongLived.OpenSockets == 0);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task InFlight_ApiVanishesFromItsWebSocket_CountsDownToZero(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:10", spread: "00:00:00");
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();

        await fleet.Blue.DisposeAsync();

        await client.UntilClosedAsync();
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task InFlight_ClientClosesItsWebSocket_CountsDownToZero(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:10", spread: "00:00:00");
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();

        await client.CloseAsync();

        client.CloseCode.Should().Be(1000, "the API's own answer passes");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    // Refused by the API: it never was an upgrade.
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task InFlight_HandshakeRefused_CountsARequestAndThenNothing(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:10", spread: "00:00:00");
        var connect = EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http), "/orders/refuse/handshake");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight == new InFlightCounts(1, 0, 0, 1));

        fleet.Blue.Open("handshake");

        await ((Func<Task>)(() => connect)).Should().ThrowAsync<System.Net.WebSockets.WebSocketException>();
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    // The server's data rates and the proxy's activity timeout would both cut it, were they asked.
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task WebSocket_Quiet_IsNotCut(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:00", spread: "00:00:00");
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();

        // Longer than the server's grace period for slow clients.
        await Task.Delay(TimeSpan.FromSeconds(7));

        (await client.EchoAsync()).Should().Be("1.0.0", client.Broken);
    }

    // As many as it takes to see an instant in which all of them reconnect. Each sends on, until it is told to close.
    [Fact]
    public async Task WebSockets_TwoThousandEchoingThroughACutover_LoseNoAnswerAndCloseSpread()
    {
        const int Count = 2000;
        var spread = TimeSpan.FromSeconds(4);
        await using var fleet = await StartAsync("1.1", grace: "00:00:00.5", spread: spread.ToString("c"));
        var clients = new List<EchoClient>();
        foreach (var batch in Enumerable.Range(0, Count).Chunk(50))
        {
            clients.AddRange(await Task.WhenAll(batch.Select(_ => EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11))));
        }

        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Should().Be(new InFlightCounts(0, 0, Count, Count));
        var closed = new System.Collections.Concurrent.ConcurrentQueue<long>();
        var echoes = clients.Select(async (client, index) =>
        {
            await client.EchoUntilClosedAsync(TimeSpan.FromMilliseconds(500 + (index % 500)));
            closed.Enqueue(System.Diagnostics.Stopwatch.GetTimestamp());
        }).ToList();
        await UntilAsync(() => fleet.Blue.LongLived.Messages > Count);

        var release = (await fleet.Admin.CutoverAsync()).Release;

        await Task.WhenAll(echoes);
        clients.Select(client => client.Broken).Should().AllBeEquivalentTo((string?)null, "nobody's connection is reset");
        clients.Select(client => client.CloseCode).Should().AllBeEquivalentTo(1012);
        clients.Sum(client => client.Answered).Should().Be(fleet.Blue.LongLived.Messages, "what the API was given is answered");
        clients.Count(client => client.Sent - client.Answered > 1).Should().Be(0);
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.ReleaseAsync(release.Id)).Drain.Should().BeEquivalentTo(new { StartedWith = Count, Remaining = 0, Aborted = 0 });
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Should().Be(new InFlightCounts(0, 0, 0, 0));
        var times = closed.Order().ToList();
        System.Diagnostics.Stopwatch.GetElapsedTime(times[0], times[^1]).Should().BeGreaterThan(spread * 0.7);
        var half = times[0] + ((times[^1] - times[0]) / 2);
        times.Count(time => time < half).Should().BeInRange(Count / 5, Count * 4 / 5);
        clients.ForEach(client => client.Dispose());
    }

    // The client speaks HTTP/2, the API HTTP/1.1.
    [Fact]
    public async Task WebSocket_OverHttp2ToAnApiOverHttp1_IsClosedOnBothSides()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            Configure(configuration, "00:00:00", "00:00:00", 1012);
            configuration["Kestrel"] = JsonNode.Parse("""{ "EndpointDefaults": { "Protocols": "Http2" } }""");
        });
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version20);
        (await client.EchoAsync()).Should().Be("1.0.0");

        await fleet.Admin.CutoverAsync();

        await client.UntilClosedAsync();
        client.CloseCode.Should().Be(1012, client.Broken);
        await fleet.Admin.UntilNoReleaseAsync();
        fleet.Blue.LongLived.CloseCodes.Should().Equal(1012);
    }

    private static Task<Fleet> StartAsync(string http, string grace, string spread, int closeCode = 1012) => Fleet.HostAsync(
        configuration => Configure(configuration, grace, spread, closeCode),
        http == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);

    private static void Configure(JsonNode configuration, string grace, string spread, int closeCode) =>
        Fleet.Service(configuration)["Drain"]!["LongLived"] = new JsonObject { ["Grace"] = grace, ["Spread"] = spread, ["CloseCode"] = closeCode };

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (!condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}

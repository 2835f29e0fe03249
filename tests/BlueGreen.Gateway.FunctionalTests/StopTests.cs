using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The gateway's own stop: it is told to end, and nothing that it has accepted breaks.</summary>
public sealed class StopTests
{
    [LinuxFact]
    public async Task Stop_WithADelay_IsNotReadyButServesUntilItIsOver()
    {
        await using var fleet = await StartAsync(delay: "00:00:04");
        var stop = fleet.Gateway.StopAsync();
        await UntilNotReadyAsync(fleet);

        // A connection of its own: one that is opened while the load balancer has not noticed yet.
        using (var client = new HttpClient())
        {
            (await client.GetStringAsync(fleet.Gateway.Url + "/orders/now")).Should().Be("1.0.0");
        }

        // The state is given up right after the gateway is no longer ready: a call in between is taken, and the ones behind it conflict with it.
        AdminAnswer answer;
        do
        {
            answer = await fleet.Admin.CutoverAsync();
        }
        while (answer.Status is 200 or 202 or 409);

        answer.Code.Should().Be("state-unavailable", "the control path is the successor's");
        (await stop).Should().Be(0);
        var refused = () => new HttpClient().GetStringAsync(fleet.Gateway.Url + "/orders/now");
        await refused.Should().ThrowAsync<HttpRequestException>();
    }

    [LinuxFact]
    public async Task Stop_RequestInFlight_IsWaitedForAndItsConnectionClosedAfterwards()
    {
        await using var fleet = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var slow = client.GetAsync("/orders/gate/slow");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);

        var stop = fleet.Gateway.StopAsync();
        await UntilNotListeningAsync(fleet);
        fleet.Blue.Open("slow");

        using var response = await slow;
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Headers.ConnectionClose.Should().BeTrue("the client is told not to come back on this connection");
        (await stop).Should().Be(0);
    }

    // The head of this answer said nothing of a close, and a client that repeats nothing goes by that: its next request must not fail.
    [LinuxFact]
    public async Task Stop_AnswerHadBegun_TellsTheClientWithItsNextOne()
    {
        await using var fleet = await StartAsync(idle: "00:00:04");
        using var client = await RawConnection.OpenAsync(fleet.Gateway.Url);
        await client.SendAsync("GET /orders/stream/slow HTTP/1.1\r\nHost: test\r\n\r\n");
        var begun = await client.ReadTextUntilAsync("begun\n");

        var stop = fleet.Gateway.StopAsync();
        await UntilNotListeningAsync(fleet);

        // Longer than a connection may be idle, which counts from the end of the answer.
        await Task.Delay(TimeSpan.FromSeconds(4.2));
        fleet.Blue.Open("slow");
        await client.ReadTextUntilAsync("\r\n0\r\n\r\n");
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        await client.SendAsync("GET /orders/now HTTP/1.1\r\nHost: test\r\n\r\n");

        begun.Should().NotContain("Connection: close");
        (await client.ReadTextToEndAsync()).Should().StartWith("HTTP/1.1 200 OK").And.Contain("Connection: close");
        (await stop).Should().Be(0);
    }

    // GOAWAY comes before the answer: the client sends what it has next on another connection, and loses nothing on this one.
    [LinuxFact]
    public async Task Stop_Http2RequestInFlight_IsAnsweredAfterTheClientWasToldToGoElsewhere()
    {
        await using var fleet = await StartAsync(http: "2.0");
        using var client = await RawConnection.OpenAsync(fleet.Gateway.Url);
        await client.SendAsync((byte[])[.. Http2Frames.Preface(), .. Http2Frames.Frame(Http2Frames.Headers, Http2Frames.EndStream | Http2Frames.EndHeaders, 1, Http2Frames.Block("GET", "/orders/gate/slow"))]);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);

        var stop = fleet.Gateway.StopAsync();
        var frames = new List<byte>();
        (await client.TryReadFramesUntilAsync(frames, frame => frame.Type == Http2Frames.GoAway)).Should().BeTrue();
        Http2Frames.Statuses([.. frames]).Should().BeEmpty();
        fleet.Blue.Open("slow");

        frames.AddRange(await client.ReadToEndAsync());
        Http2Frames.Statuses([.. frames]).Should().Equal(200);
        Http2Frames.GoAwayCode([.. frames]).Should().Be(Http2Frames.NoError);
        (await stop).Should().Be(0);
    }

    [LinuxTheory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Stop_WebSocketOpen_IsClosedAsTheProtocolHasIt(string http)
    {
        await using var fleet = await StartAsync(http: http);
        using var client = await EchoClient.ConnectAsync(fleet.Gateway.Url, new Version(http));
        await client.EchoAsync();

        var stop = fleet.Gateway.StopAsync();

        await client.UntilClosedAsync();
        client.CloseCode.Should().Be(1012, client.Broken);
        (await stop).Should().Be(0);
    }

    [LinuxFact]
    public async Task Stop_GrpcStreamOpen_EndsWithAStatusThatClientsRetry()
    {
        await using var fleet = await StartAsync(http: "2.0");
        using var call = GrpcCall.Start(fleet.Gateway.Url);
        await call.EchoAsync("one");

        var stop = fleet.Gateway.StopAsync();

        (await call.ReceiveAsync()).Should().BeNull();
        call.Status.Should().Be("14");
        (await stop).Should().Be(0, fleet.Gateway.Output);
    }

    [LinuxFact]
    public async Task Stop_RequestOutlastsTheDeadline_IsToldTheTruthAndTheExitCodeIsZero()
    {
        await using var fleet = await StartAsync(timeout: "00:00:00.5");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var never = client.GetAsync("/orders/gate/never");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);

        (await fleet.Gateway.StopAsync()).Should().Be(0);

        (await never).StatusCode.Should().Be(HttpStatusCode.GatewayTimeout);
    }

    [LinuxFact]
    public async Task Stop_ToldTwice_DoesNotWaitForTheDrain()
    {
        await using var fleet = await StartAsync(timeout: "00:10:00");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var never = client.GetAsync("/orders/gate/never");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var stop = fleet.Gateway.StopAsync();
        await UntilNotListeningAsync(fleet);

        fleet.Gateway.Signal();

        // The request may be cut off here: a machine that is busy enough does not send the answer within the time that it has.
        (await stop).Should().Be(0);
        await Task.WhenAny(never).WaitAsync(TestLimits.Wait);
    }

    // With a clock that stands from the second signal on: the answer has two seconds, and this is not about how fast a machine sends it.
    [Fact]
    public async Task Stop_ToldTwice_AnswersWhatIsLeft()
    {
        await using var fleet = await Fleet.HostAsync(configuration => configuration["BlueGreen"]!["Shutdown"] = new JsonObject { ["Timeout"] = "00:10:00" });
        var clock = new StoppableClock();
        using var folder = new TemporaryFolder();
        await using var gateway = await HostedGateway.StartAsync(
            fleet.ConfigFile, folder.Path, services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock)), []);
        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        var never = client.GetAsync("/orders/gate/never");
        await gateway.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var stop = gateway.StopAsync();
        await gateway.UntilOutputAsync("No longer listening.");

        clock.Stop();
        gateway.Hurry();

        (await never).StatusCode.Should().Be(HttpStatusCode.GatewayTimeout);
        (await stop).Should().Be(0);
    }

    // What is drained here is the last process's; the release goes on with the next one.
    [LinuxFact]
    public async Task Stop_DuringABake_IsTakenUpByTheNextProcess()
    {
        await using var fleet = await StartAsync();
        var release = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 3600 }, until: "drained")).Release;

        (await fleet.Gateway.StopAsync()).Should().Be(0);
        await fleet.Gateway.DisposeAsync();
        await fleet.HostGatewayAsync();

        (await fleet.Admin.ReleaseAsync(release.Id)).Status.Should().Be(ReleaseStatus.Baking);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    private static Task<Fleet> StartAsync(string delay = "00:00:00", string timeout = "00:00:30", string http = "1.1", string idle = "00:00:00.2") => Fleet.StartAsync(
        configuration =>
        {
            configuration["BlueGreen"]!["Shutdown"] = new JsonObject { ["Delay"] = delay, ["Timeout"] = timeout, ["IdleConnections"] = idle };
            Fleet.Service(configuration)["Drain"]!["LongLived"] = new JsonObject { ["Grace"] = "00:10:00", ["Spread"] = "00:00:00.2" };
        },
        http == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);

    private static async Task UntilNotReadyAsync(Fleet fleet)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (true)
        {
            using var ready = await fleet.Admin.Http.GetAsync("/healthz/ready", limit.Token);
            if (ready.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                return;
            }
        }
    }

    private static async Task UntilNotListeningAsync(Fleet fleet)
    {
        var uri = new Uri(fleet.Gateway.Url);
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (true)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Parse(uri.Host), uri.Port, limit.Token);
                await Task.Delay(10, limit.Token);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    /// <summary>The time that has passed no longer grows once it stands; timers go on.</summary>
    private sealed class StoppableClock : TimeProvider
    {
        private long _stoppedAt;

        public override long GetTimestamp() => Interlocked.Read(ref _stoppedAt) is var at && at != 0 ? at : base.GetTimestamp();

        public void Stop() => Interlocked.Exchange(ref _stoppedAt, base.GetTimestamp());
    }
}

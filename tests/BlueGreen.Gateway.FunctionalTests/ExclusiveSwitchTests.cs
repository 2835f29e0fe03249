using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Releases that hold requests until nothing is in flight, and switch then.</summary>
public sealed class ExclusiveSwitchTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Hold_RequestInFlight_NewOnesWaitUntilItHasEndedAndGoOnToTheNewSlot(string http)
    {
        await using var fleet = await StartAsync(http);
        using var client = Client(fleet, http);
        var inFlight = client.GetAsync("/orders/gate/old");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var cutover = fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 60 } }, wait: 60);
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Holding);

        var waiting = Enumerable.Range(0, 20).Select(number => number % 2 == 0 ? client.GetAsync("/orders/x") : client.PostAsync("/orders/echo", new StringContent(new string('x', 30_000)))).ToList();
        var held = await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 20);
        held.Hold!.Release.Should().Be(held.Release!.Id);
        held.Hold.Idle.Should().BeFalse();
        held.Warnings.Should().Contain(warning => warning.Contains($"until release {held.Release.Id} has switched or ended", StringComparison.Ordinal));
        fleet.Green.Requests.Should().Be(0);
        fleet.Blue.Open("old");

        var answer = await cutover;
        answer.Status.Should().Be(200, answer.Body);
        answer.Release.Hold.Should().BeEquivalentTo(new { MaxSeconds = 60.0, MaxRequests = 1000, OnTimeout = HoldTimeoutAction.Abort, Streams = HoldStreams.Wait, Exclusive = true, Held = 20L, Refused = 0L });
        answer.Release.Gates.Should().Contain(gate => gate.Name == "hold" && gate.Status == GateStatus.Passed);
        (await (await inFlight).Content.ReadAsStringAsync()).Should().Be("1.0.0");
        var answers = await Task.WhenAll(waiting);
        answers.Should().OnlyContain(one => one.StatusCode == HttpStatusCode.OK && one.Headers.GetValues("X-Environment").Single() == "green");
        fleet.Blue.Requests.Should().Be(1);
        (await fleet.Admin.StatusAsync()).Hold.Should().BeNull();
    }

    [Fact]
    public async Task Abort_SomethingIsStillInFlight_Is422AndTheRequestsGoOnToTheOldSlot()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        var inFlight = client.GetAsync("/orders/gate/old");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var cutover = fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 1 } }, wait: 60);
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Holding);

        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");

        var answer = await cutover;
        answer.Status.Should().Be(422, answer.Body);
        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Be("hold: after 1 s still in flight: 1 request on blue of orders. Nothing was switched.");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
        fleet.Blue.Open("old");
        (await inFlight).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Switch_SomethingIsStillInFlight_SwitchesAndSaysSo()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        var inFlight = client.GetAsync("/orders/gate/old");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);

        var answer = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 0.5, onTimeout = "switch" } }, wait: 60);

        answer.Status.Should().Be(200, answer.Body);
        answer.Release.Hold!.Exclusive.Should().BeFalse();
        answer.Release.Gates.Single(gate => gate.Name == "hold").Status.Should().Be(GateStatus.Skipped);
        (await client.GetStringAsync("/orders/x")).Should().Be("2.0.0");
        fleet.Blue.Open("old");
        (await (await inFlight).Content.ReadAsStringAsync()).Should().Be("1.0.0");
    }

    [Fact]
    public async Task WebSocketAndEvents_AreAskedToLeaveAndComeBackOnTheNewSlot()
    {
        await using var fleet = await StartAsync("1.1");
        using var socket = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11);
        await socket.EchoAsync();
        using var client = Client(fleet, "1.1");
        using var events = await EventsAsync(client);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight == new InFlightCounts(0, 1, 1, 2));

        var answer = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 30 } }, wait: 60);

        answer.Status.Should().Be(200, answer.Body);
        answer.Release.Hold!.Exclusive.Should().BeTrue();
        await socket.UntilClosedAsync();
        socket.CloseCode.Should().Be(1012, socket.Broken);
        (await events.Content.ReadAsStringAsync()).Should().EndWith("data: 1.0.0\n\n", "no event is torn");
        using var again = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11);
        (await again.EchoAsync()).Should().Be("2.0.0");
    }

    [Fact]
    public async Task IgnoreStreams_WebSocketStays_AndTheReleaseSaysSo()
    {
        await using var fleet = await StartAsync("1.1");
        using var socket = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11);
        await socket.EchoAsync();

        var answer = await fleet.Admin.CutoverAsync(new { hold = new { streams = "ignore" } }, wait: 60);

        answer.Release.Hold!.Exclusive.Should().BeFalse();
        (await socket.EchoAsync()).Should().Be("1.0.0");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    // A unary call is a stream to the gateway from its start.
    [Fact]
    public async Task Grpc_CallInFlight_IsWaitedForAndANewOneGoesOnToTheNewSlot()
    {
        await using var fleet = await StartAsync("2.0");
        using var old = GrpcCall.Start(fleet.Gateway.Url);
        (await old.EchoAsync("one")).Should().Be("one");
        var cutover = fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 60 } }, wait: 60);
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Holding || status.Active == SlotName.Green);
        using var next = GrpcCall.Start(fleet.Gateway.Url);
        var answered = next.EchoAsync("two");
        old.End();

        (await cutover).Release.Hold!.Exclusive.Should().BeTrue();

        (await answered).Should().Be("two");
        fleet.Green.Requests.Should().Be(1);
    }

    [Fact]
    public async Task Grpc_MoreCallsThanMayWait_AreUnavailable()
    {
        await using var fleet = await StartAsync("2.0");
        await fleet.Admin.PostAsync("/v1/services/orders/hold", new { maxSeconds = 60, maxRequests = 1 });
        using var client = Client(fleet, "2.0");
        var waiting = client.GetAsync("/orders/x");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        using var call = GrpcCall.Start(fleet.Gateway.Url);

        (await call.HeaderStatusAsync()).Should().Be("14");
        await fleet.Admin.PostAsync("/v1/services/orders/resume");
        (await waiting).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    // A response that has been going on for long counts as a stream; exclusive means that one too.
    [Fact]
    public async Task LongResponse_InFlight_IsWaitedFor()
    {
        await using var fleet = await StartAsync("1.1", configuration => Fleet.Service(configuration)["Drain"]!["LongLived"] = JsonNode.Parse("""{ "StreamAfter": "00:00:01" }"""));
        using var client = Client(fleet, "1.1");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/stream/long");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Streams == 1);
        var cutover = fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 60 } }, wait: 60);
        var held = await fleet.Admin.UntilAsync(status => status.Hold is not null);
        held.Hold!.Idle.Should().BeFalse();

        fleet.Blue.Open("long");

        (await cutover).Release.Hold!.Exclusive.Should().BeTrue();
        (await response.Content.ReadAsStringAsync()).Should().EndWith("ended\n");
    }

    // Whoever looks at the standby holds nobody up for long.
    [Fact]
    public async Task Preview_InFlight_IsEnded()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        var token = (await fleet.Admin.PostAsync("/v1/services/orders/preview-tokens", new { slot = "standby" })).Json.GetProperty("token").GetString()!;
        client.DefaultRequestHeaders.Add("X-BlueGreen-Preview", token);
        var preview = client.GetAsync("/orders/gate/never");
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Preview == 1);

        var answer = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 30 } }, wait: 60);

        answer.Release.Hold!.Exclusive.Should().BeTrue(answer.Body);
        (await preview).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Group_OneServiceIsBusy_AllAreHeldAndSwitchInOneStep()
    {
        await using var fleet = await StartAsync("1.1", configuration => Fleet.AddService(configuration, "users"));
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Healthy, "users");
        using var client = Client(fleet, "1.1");
        var inFlight = client.GetAsync("/orders/gate/old");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var cutover = fleet.Admin.PostAsync("/v1/cutover", new { services = new[] { "orders", "users" }, hold = new { maxSeconds = 60 } }, wait: 60);
        await fleet.Admin.UntilAsync(status => status.Hold is not null, "users");
        var waiting = new[] { client.GetStringAsync("/users/x"), client.GetStringAsync("/orders/x") };
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1, "users");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        fleet.Blue.Open("old");

        (await cutover).Release.Hold.Should().BeEquivalentTo(new { Exclusive = true, Held = 2L });
        (await Task.WhenAll(waiting)).Should().Equal("2.0.0", "2.0.0");
        await inFlight;
    }

    [Fact]
    public async Task TwoHolds_OneIsRefusedWhileTheOtherIsThereOrOrdered()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        await fleet.Admin.PostAsync("/v1/services/orders/hold", new { maxSeconds = 60 });
        (await fleet.Admin.CutoverAsync(new { hold = new { } })).Code.Should().Be("service-held");
        await fleet.Admin.PostAsync("/v1/services/orders/resume");

        var cutover = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 60 }, requireApproval = true }, wait: null);
        await fleet.Admin.UntilAsync(status => status.Release!.Status == ReleaseStatus.AwaitingApproval);
        foreach (var call in new[] { "hold", "resume" })
        {
            (await fleet.Admin.PostAsync($"/v1/services/orders/{call}")).Code.Should().Be("release-in-progress", "the release is to hold the service itself");
        }

        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0", "nothing is held before the approval");
        await fleet.Admin.PostAsync($"/v1/releases/{cutover.Release.Id}/approve");
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.ReleaseAsync(cutover.Release.Id)).Hold!.Exclusive.Should().BeTrue();
    }

    [Fact]
    public async Task Hold_FieldsThatCannotBe_AreAllNamed()
    {
        await using var fleet = await StartAsync("1.1");

        var answer = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 0, onTimeout = "wait", streams = true, reason = "x" }, shift = new { } });

        answer.Code.Should().Be("invalid-request");
        answer.Detail.Should()
            .Contain("hold.maxSeconds: must be a number of seconds from 0.1 to 300")
            .And.Contain("hold.onTimeout: must be \"abort\" or \"switch\"")
            .And.Contain("hold.streams: must be \"wait\" or \"ignore\"")
            .And.Contain("hold.reason: is not a known field")
            .And.Contain("hold: and shift exclude each other");
    }

    // What was held is gone with its connections; the release was before its switch, and so it is taken to have failed.
    [Fact]
    public async Task Kill9_WhileHolding_NothingWasSwitchedAndTheOldSlotServes()
    {
        await using var fleet = await Fleet.StartAsync();
        using var client = Client(fleet, "1.1");
        var inFlight = client.GetAsync("/orders/gate/old");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var cutover = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 300 } }, wait: null);
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Holding);
        var waiting = client.GetAsync("/orders/x");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        await fleet.RestartAfterKillAsync();

        foreach (var lost in new[] { inFlight, waiting })
        {
            await lost.Invoking(task => task).Should().ThrowAsync<HttpRequestException>();
        }

        using var again = Client(fleet, "1.1");
        (await again.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        var release = await fleet.Admin.ReleaseAsync(cutover.Release.Id);
        (release.Status, release.Detail).Should().Be((ReleaseStatus.Failed, "the gateway stopped while requests were held; nothing was switched"));
    }

    [Fact]
    public async Task Stop_WhileHolding_LetsEverybodyGoToTheOldSlotAndEndsTheRelease()
    {
        await using var fleet = await Fleet.StartAsync();
        using var client = Client(fleet, "1.1");
        var inFlight = client.GetAsync("/orders/gate/old");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        var cutover = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 300 } }, wait: null);
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Holding);
        var waiting = client.GetAsync("/orders/x");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        fleet.Gateway.Signal();

        (await (await waiting).Content.ReadAsStringAsync()).Should().Be("1.0.0");
        fleet.Blue.Open("old");
        (await inFlight).StatusCode.Should().Be(HttpStatusCode.OK);
        await fleet.Gateway.StopAsync();
        await fleet.Gateway.DisposeAsync();
        await fleet.HostGatewayAsync();
        (await fleet.Admin.ReleaseAsync(cutover.Release.Id)).Status.Should().Be(ReleaseStatus.Failed);
    }

    private static Task<Fleet> StartAsync(string http, Action<JsonNode>? configure = null) =>
        Fleet.HostAsync(configure, http == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);

    private static HttpClient Client(Fleet fleet, string http) => new()
    {
        BaseAddress = new Uri(fleet.Gateway.Url),
        DefaultRequestVersion = new Version(http),
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static async Task<HttpResponseMessage> EventsAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/events") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } } };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}

using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A service that is held by hand: its requests wait at the gateway.</summary>
public sealed class HoldTests
{
    private const string Hold = "/v1/services/orders/hold";
    private const string Resume = "/v1/services/orders/resume";

    // Over HTTP/2 all of them are on one connection, and their bodies are more than its window takes.
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Hold_RequestsWithAndWithoutBodies_WaitAndGoOnWithResume(string http)
    {
        await using var fleet = await StartAsync(http);
        using var client = Client(fleet, http);
        (await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60, reason = "migration" })).Status.Should().Be(200);

        var bodies = Enumerable.Range(0, 99).Select(number => new string((char)('!' + number), 20_000)).ToList();
        var waiting = new List<Task<HttpResponseMessage>> { client.GetAsync("/orders/x") };
        waiting.AddRange(bodies.Select(body => client.PostAsync("/orders/echo", new StringContent(body))));
        var held = await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 100);
        held.Hold.Should().BeEquivalentTo(new { Release = (string?)null, MaxRequests = 1000, Actor = "anonymous", Reason = "migration", Held = 100L, Idle = true });
        held.Warnings.Should().ContainSingle().Which.Should().Contain("held since").And.Contain("100 requests wait");
        held.Slots.Blue.InFlight.Total.Should().Be(0, "what waits is in flight nowhere");
        fleet.Blue.Requests.Should().Be(0);
        (await MetricsAsync(fleet)).Should().Contain("""bluegreen_held{service="orders"} 1""").And.Contain("""bluegreen_held_waiting{service="orders"} 100""");

        var resumed = await fleet.Admin.PostAsync(Resume, new { reason = "done" });

        resumed.Status.Should().Be(200, resumed.Body);
        var answers = await Task.WhenAll(waiting);
        answers.Should().OnlyContain(answer => answer.StatusCode == HttpStatusCode.OK);
        (await answers[0].Content.ReadAsStringAsync()).Should().Be("1.0.0");
        for (var number = 0; number < bodies.Count; number++)
        {
            (await answers[number + 1].Content.ReadAsStringAsync()).Should().Be($"1.0.0 {HashOf(bodies[number])}");
        }

        (await fleet.Admin.StatusAsync()).Hold.Should().BeNull();
        (await MetricsAsync(fleet)).Should().Contain("""bluegreen_held{service="orders"} 0""").And.Contain("""bluegreen_held_requests_total{service="orders",outcome="released"} 100""");
        var audit = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().Select(entry => $"{entry.GetProperty("action")} {entry.GetProperty("result")} {entry.GetProperty("reason")}");
        audit.Should().Equal("resume done done", "hold done migration");
    }

    [Fact]
    public async Task Hold_NobodyResumes_EndsByItself()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        (await fleet.Admin.PostAsync(Hold, new { maxSeconds = 0.5 })).Status.Should().Be(200);

        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");

        var status = await fleet.Admin.UntilAsync(status => status.Generation == 3);
        status.Hold.Should().BeNull();
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().First().GetProperty("detail").GetString().Should().Be("its time of 0.5 s was over");
    }

    [Fact]
    public async Task Hold_Repeated_ChangesNothingAndDoesNotLastLonger()
    {
        await using var fleet = await StartAsync("1.1");
        var first = await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 }, headers: ("Idempotency-Key", "k1"));
        var again = await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });
        var other = await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60, maxRequests = 5 }, headers: ("If-Match", "\"2\""));
        var stale = await fleet.Admin.PostAsync(Resume, headers: ("If-Match", "\"2\""));

        first.Headers["ETag"].Should().Be("\"2\"");
        again.Headers["ETag"].Should().Be("\"2\"");
        Since(again).Should().Be(Since(first));
        other.Headers["ETag"].Should().Be("\"3\"");
        Since(other).Should().Be(Since(first), "its time counts from its beginning");
        stale.Code.Should().Be("stale-generation");
        (await fleet.Admin.PostAsync(Resume)).Status.Should().Be(200);
        (await fleet.Admin.PostAsync(Resume)).Headers["ETag"].Should().Be("\"4\"", "there is nothing to do");

        var late = await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 }, headers: ("Idempotency-Key", "k1"));

        late.Status.Should().Be(200);
        late.Json.GetProperty("hold").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null, "a call that comes again must not stop the traffic once more");
        (await fleet.Admin.PostAsync(Hold, new { maxSeconds = 5 }, headers: ("Idempotency-Key", "k1"))).Code.Should().Be("idempotency-mismatch");

        static string Since(AdminAnswer answer) => answer.Json.GetProperty("hold").GetProperty("since").GetString()!;
    }

    [Fact]
    public async Task Hold_FieldsThatCannotBe_AreAllNamed()
    {
        await using var fleet = await StartAsync("1.1");

        var answer = await fleet.Admin.PostAsync(Hold, new { maxSeconds = 301, maxRequests = 0, streams = "wait" });

        answer.Code.Should().Be("invalid-request");
        answer.Detail.Should().Contain("maxSeconds: must be a number of seconds from 0.1 to 300").And.Contain("maxRequests: must be a whole number from 1 to 100000").And.Contain("streams: is not a known field");
    }

    [Fact]
    public async Task Hold_MoreRequestsThanMayWait_Are503AndTheOthersGoOn()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60, maxRequests = 2 });
        var waiting = new[] { client.GetAsync("/orders/x"), client.GetAsync("/orders/x") };
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 2);

        using var refused = await client.GetAsync("/orders/x");

        refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter!.Delta.Should().BePositive().And.BeLessThanOrEqualTo(TimeSpan.FromSeconds(60));
        (await fleet.Admin.StatusAsync()).Hold!.Refused.Should().Be(1);
        await fleet.Admin.PostAsync(Resume);
        (await Task.WhenAll(waiting)).Should().OnlyContain(answer => answer.StatusCode == HttpStatusCode.OK);
        (await MetricsAsync(fleet)).Should().Contain("""bluegreen_held_requests_total{service="orders",outcome="refused"} 1""");
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Hold_ClientVanishes_LeavesTheQueueAtOnce(string http)
    {
        await using var fleet = await StartAsync(http);
        using var stays = Client(fleet, http);
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });
        var answer = stays.GetAsync("/orders/x");
        using (var gone = Client(fleet, http))
        {
            using var cancel = new CancellationTokenSource();
            var lost = gone.GetAsync("/orders/x", cancel.Token);
            await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 2);
            await cancel.CancelAsync();
            await lost.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        }

        var status = await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        status.Hold!.Canceled.Should().Be(1);
        await fleet.Admin.PostAsync(Resume);
        (await answer).StatusCode.Should().Be(HttpStatusCode.OK);
        fleet.Blue.Requests.Should().Be(1);
    }

    // Neither the API nor the gateway has asked for the body: a client that waits for 100-continue has sent none of it.
    [Fact]
    public async Task Hold_ClientExpects100Continue_IsToldOnlyWhenItGoesOn()
    {
        await using var fleet = await StartAsync("1.1");
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });
        using var client = await RawConnection.OpenAsync(fleet.Gateway.Url);
        await client.SendAsync("POST /orders/echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);
        var first = client.ReadTextUntilAsync("\r\n\r\n");

        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60, maxRequests = 5 });
        first.IsCompleted.Should().BeFalse();
        await fleet.Admin.PostAsync(Resume);

        (await first).Should().StartWith("HTTP/1.1 100 ");
        await client.SendAsync("hello");
        (await client.ReadTextToEndAsync()).Should().Contain($"1.0.0 {HashOf("hello")}");
    }

    // The server stops reading when its own buffer is full; the rest stays with the client.
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Hold_LargeBody_IsNotReadWhileItWaits(string http)
    {
        const int Size = 24 * 1024 * 1024;
        await using var fleet = await StartAsync(http);
        using var client = Client(fleet, http);
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });
        using var body = new CountedBody(Size);
        var answer = client.PostAsync("/orders/echo", body);
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);
        await body.UntilStuckAsync();

        body.Sent.Should().BeLessThan(Size / 2);
        fleet.Blue.Requests.Should().Be(0);
        await fleet.Admin.PostAsync(Resume);

        var response = await answer;
        (await response.Content.ReadAsStringAsync()).Should().Be($"1.0.0 {body.Hash}");
    }

    [Fact]
    public async Task Hold_HalfABodyIsThere_GoesOnWithTheRest()
    {
        await using var fleet = await StartAsync("1.1");
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });
        using var client = await RawConnection.OpenAsync(fleet.Gateway.Url);
        await client.SendAsync("POST /orders/echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhello");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        await fleet.Admin.PostAsync(Resume);
        await client.SendAsync("world");

        (await client.ReadTextToEndAsync()).Should().Contain($"1.0.0 {HashOf("helloworld")}");
    }

    // The API has not seen it: that is no timeout of the API's, and it can be sent again.
    [Fact]
    public async Task Hold_TimeOfTheRouteIsOver_Is503()
    {
        await using var fleet = await StartAsync("1.1", configuration => configuration["ReverseProxy"]!["Routes"]!["orders"]!["Timeout"] = "00:00:00.300");
        using var client = Client(fleet, "1.1");
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });

        using var answer = await client.GetAsync("/orders/x");

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter.Should().NotBeNull();
        fleet.Blue.Requests.Should().Be(0);
        (await fleet.Admin.StatusAsync()).Hold.Should().BeEquivalentTo(new { Waiting = 0L, Canceled = 1L });
    }

    // Whoever waits is told at once, and not when the hold ends.
    [Fact]
    public async Task Maintenance_WhileHeld_AnswersThoseWhoWait()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });
        var waiting = client.GetAsync("/orders/x");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        await fleet.Admin.PostAsync("/v1/services/orders/maintenance", new { message = "closed" });

        (await (await waiting).Content.ReadAsStringAsync()).Should().Contain("closed");
        await fleet.Admin.SendAsync(HttpMethod.Delete, "/v1/services/orders/maintenance");
        var again = client.GetAsync("/orders/x");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);
        await fleet.Admin.PostAsync(Resume);
        (await again).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    // A release that is not exclusive goes through, and the requests go on to where it has put the service: an exclusive switch by hand.
    [Fact]
    public async Task Cutover_WhileHeld_GoesThroughAndTheRequestsGoOnToTheNewSlot()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });
        var waiting = client.GetAsync("/orders/x");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        waiting.IsCompleted.Should().BeFalse();
        await fleet.Admin.PostAsync(Resume);

        (await (await waiting).Content.ReadAsStringAsync()).Should().Be("2.0.0");
        fleet.Blue.Requests.Should().Be(0);
    }

    [Fact]
    public async Task Preview_WhileHeld_IsRefused()
    {
        await using var fleet = await StartAsync("1.1");
        using var client = Client(fleet, "1.1");
        foreach (var slot in new[] { "standby", "green" })
        {
            var token = (await fleet.Admin.PostAsync("/v1/services/orders/preview-tokens", new { slot })).Json.GetProperty("token").GetString()!;
            client.DefaultRequestHeaders.Remove("X-BlueGreen-Preview");
            client.DefaultRequestHeaders.Add("X-BlueGreen-Preview", token);
            (await client.GetStringAsync("/orders/x")).Should().Be("2.0.0");
            await fleet.Admin.PostAsync(Hold, new { maxSeconds = 60 });

            using var refused = await client.GetAsync("/orders/x");

            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            (await refused.Content.ReadAsStringAsync()).Should().Contain("no previews while the service is held");
            await fleet.Admin.PostAsync(Resume);
        }

        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Preview == 0);
    }

    // The connections end with the process; what is left of the time is held by the next one.
    [Fact]
    public async Task Kill9_WhileHeld_HoldsOnUntilTheTimeIsOver()
    {
        await using var fleet = await Fleet.StartAsync(untilHealthy: false);
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 30, reason = "migration" });
        using var client = Client(fleet, "1.1");
        var lost = client.GetAsync("/orders/x");
        var before = await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        await fleet.RestartAfterKillAsync();

        await lost.Invoking(task => task).Should().ThrowAsync<HttpRequestException>("its connection is gone");
        using var again = Client(fleet, "1.1");
        var waiting = again.GetAsync("/orders/x");
        var after = await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);
        after.Hold.Should().BeEquivalentTo(new { before.Hold!.Since, before.Hold.EndsAt, Reason = "migration" });
        fleet.Blue.Requests.Should().Be(0);
        await fleet.Admin.PostAsync(Resume);
        (await waiting).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    // The requests go first: the stop takes no longer because of them, and nobody is refused.
    [Fact]
    public async Task Stop_WhileHeld_LetsEverybodyGoAndEndsTheHold()
    {
        await using var fleet = await Fleet.StartAsync(untilHealthy: false);
        await fleet.Admin.PostAsync(Hold, new { maxSeconds = 300 });
        using var client = Client(fleet, "1.1");
        var waiting = client.GetAsync("/orders/x");
        await fleet.Admin.UntilAsync(status => status.Hold!.Waiting == 1);

        (await fleet.Gateway.StopAsync()).Should().Be(0);

        (await (await waiting).Content.ReadAsStringAsync()).Should().Be("1.0.0");
        await fleet.Gateway.DisposeAsync();
        await fleet.HostGatewayAsync();
        (await fleet.Admin.StatusAsync()).Hold.Should().BeNull();
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().First().GetProperty("detail").GetString().Should().Be("the gateway stopped, and the requests went on");
    }

    private static Task<Fleet> StartAsync(string http, Action<JsonNode>? configure = null) =>
        Fleet.HostAsync(configure, http == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);

    // Over HTTP/2, the client leaves the headers of a request in its buffer until the first bytes of the body go with them. Those have to
    // wait for the connection's window where other bodies have used it up, and then only what else is sent takes the headers along: a ping.
    private static HttpClient Client(Fleet fleet, string http) => new(new SocketsHttpHandler { KeepAlivePingDelay = TimeSpan.FromSeconds(1), KeepAlivePingTimeout = TestLimits.Wait })
    {
        BaseAddress = new Uri(fleet.Gateway.Url),
        DefaultRequestVersion = new Version(http),
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static async Task<string> MetricsAsync(Fleet fleet) => (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body;

    private static string HashOf(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

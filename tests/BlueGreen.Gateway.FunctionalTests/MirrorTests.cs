using System.Collections.Concurrent;
using System.Net;
using System.Text;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Copies to the standby: what they carry, and that clients notice nothing of them.</summary>
public sealed class MirrorTests
{
    [Fact]
    public async Task Copy_OfAGet_CarriesTheRequestAndTheGatewaysMark()
    {
        await using var fleet = await Fleet.HostAsync();
        var (active, standby) = (Requests(fleet.Blue), Requests(fleet.Green));
        using var client = fleet.Client();
        await fleet.MirrorAsync();

        var answer = await client.AskAsync(
            "/orders/a%2Fb?q=1", ("X-Trace", "t1"), (MirrorClient.Header, "forged"), ("X_BlueGreen_Mirror", "forged"), ("Cookie", "a=1; b=2"));

        answer.Body.Should().Be("1.0.0", "clients get the active slot's answer");
        answer.Headers["X-Environment"].Should().Be("blue");
        await fleet.UntilMirrorAsync(report => report is { Answered: 1, SameStatus: 1, Failed: 0, Open: 0 });
        var (original, copy) = (active.Should().ContainSingle().Subject, standby.Should().ContainSingle().Subject);
        copy.Headers.Should().ContainKey(MirrorClient.Header).WhoseValue.Should().MatchRegex("^[0-9a-f]{32}\\.[A-Za-z0-9_-]{43}$");
        copy.Headers.Remove(MirrorClient.Header);
        copy.Target.Should().Be(original.Target).And.Be("/orders/a%2Fb?q=1");
        copy.Headers.Should().BeEquivalentTo(original.Headers, "nothing that the API needs is missing, and no client says that it is a copy")
            .And.NotContainKey("X_BlueGreen_Mirror");
    }

    [Fact]
    public async Task Answer_WhileTheCopyHangs_ComesFromTheActiveSlotAtOnce()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Trouble = HangAsync;
        using var client = fleet.Client();
        await fleet.MirrorAsync();

        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");

        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight is { Mirrored: 1, Total: 0, Preview: 0 });
        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0", "the first copy still waits");
        (await fleet.UntilMirrorAsync(report => report.Open == 2)).Answered.Should().Be(0);
    }

    [Theory]
    [InlineData("resets")]
    [InlineData("breaks off")]
    [InlineData("closed")]
    public async Task Answer_WhateverBecomesOfTheCopy_IsByteIdentical(string trouble)
    {
        await using var fleet = await Fleet.HostAsync();
        (string Request, string Name)[] requests =
        [
            ("GET /orders/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET"),
            ("HEAD /orders/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HEAD"),
            ("GET /orders/status/204 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "no content"),
            ("POST /orders/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", "a body"),
            ("POST /orders/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "a chunked body"),
        ];
        var before = new List<string>();
        foreach (var (request, _) in requests)
        {
            before.Add(await SendAsync(fleet, request));
        }

        if (trouble == "closed")
        {
            await fleet.Green.DisposeAsync();
        }

        fleet.Green.Trouble = async context =>
        {
            if (trouble == "breaks off")
            {
                context.Response.ContentLength = 1000;
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
            }

            context.Abort();
            return true;
        };
        await fleet.MirrorAsync(new { methods = new[] { "GET", "HEAD", "POST" } });

        for (var index = 0; index < requests.Length; index++)
        {
            (await SendAsync(fleet, requests[index].Request)).Should().Be(before[index], requests[index].Name);
        }

        var report = await fleet.UntilMirrorAsync(report => report.Open == 0 && report.Failed + report.Skipped.Values.Sum() == requests.Length);
        report.Answered.Should().Be(0);
        report.Warnings.Should().HaveCount(2);
        report.Warnings[0].Should().StartWith("POST: these requests are carried out twice");
        report.Warnings[1].Should().EndWith("no key is configured (BlueGreen:Mirroring:Key).");
    }

    [Theory]
    [InlineData(0, false, true)]
    [InlineData(5, false, true)]
    [InlineData(5, true, true)]
    [InlineData(65_536, false, true)]
    [InlineData(65_536, true, true)]
    [InlineData(65_537, false, false)]
    [InlineData(65_537, true, false)]
    [InlineData(5_000_000, true, false)]
    public async Task Body_OfARequest_IsCopiedUpToTheLimit(int length, bool isChunked, bool isCopied)
    {
        await using var fleet = await Fleet.HostAsync();
        var standby = Requests(fleet.Green);
        using var client = fleet.Client();
        await fleet.MirrorAsync(new { methods = new[] { "POST" } });
        var body = new byte[length];
        Random.Shared.NextBytes(body);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders/echo") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = isChunked;
        using var answer = await client.SendAsync(request);

        (await answer.Content.ReadAsStringAsync()).Should().Be($"1.0.0 {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body))}");
        var report = await fleet.UntilMirrorAsync(report => report.Open == 0 && report.Answered + report.Skipped["requestTooLarge"] == 1);
        report.Answered.Should().Be(isCopied ? 1 : 0);
        if (isCopied)
        {
            standby.Should().ContainSingle().Which.Body.Should().Equal(body);
        }
        else
        {
            standby.Should().BeEmpty();
        }
    }

    [Fact]
    public async Task Body_ThatTheClientDoesNotFinish_IsNotCopied()
    {
        await using var fleet = await Fleet.HostAsync();
        await fleet.MirrorAsync(new { methods = new[] { "POST" } });
        using (var connection = await RawConnection.OpenAsync(fleet.Gateway.Url))
        {
            await connection.SendAsync("POST /orders/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
            await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        }

        var report = await fleet.UntilMirrorAsync(report => report.Skipped["requestIncomplete"] == 1);
        (report.Sent, report.Open).Should().Be((0, 0));
    }

    [Fact]
    public async Task Client_ThatGoesAway_EndsTheCopyToo()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        await fleet.MirrorAsync();
        using var gone = new CancellationTokenSource();
        var request = client.GetAsync("/orders/gate/never", gone.Token);
        await fleet.Admin.UntilAsync(status => status.Slots is { Blue.InFlight.Total: 1, Green.InFlight.Mirrored: 1 });

        await gone.CancelAsync();

        await request.Invoking(sent => sent).Should().ThrowAsync<OperationCanceledException>();
        await fleet.UntilMirrorAsync(report => report.Skipped["activeIncomplete"] == 1 && report.Open == 0);
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Mirrored == 0);
    }

    [Fact]
    public async Task Copies_MoreThanTheLimitAtOnce_AreDroppedAndCounted()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Trouble = HangAsync;
        using var client = fleet.Client();
        var limit = (await fleet.MirrorAsync()).MaxConcurrent;
        long dropped = 0;
        for (var sent = 0; dropped == 0; sent++)
        {
            sent.Should().BeLessThan(5000);
            (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
            dropped = sent % 20 == 0 ? (await fleet.MirrorStatusAsync()).Newest!.Skipped["concurrency"] : 0;
        }

        (await fleet.UntilMirrorAsync(report => report.Open == limit && report.Sent == limit)).Skipped["concurrency"].Should().BePositive();
    }

    [Fact]
    public async Task IdempotencyKey_Required_OthersThanGetAndHeadAreCopiedWithOneOnly()
    {
        await using var fleet = await Fleet.HostAsync();
        var standby = Requests(fleet.Green);
        using var client = fleet.Client();
        await fleet.MirrorAsync(new { methods = new[] { "GET", "POST" }, requireIdempotencyKey = true, compare = new { noisePercent = 0 } });

        foreach (var (method, key) in new[] { (HttpMethod.Post, false), (HttpMethod.Post, true), (HttpMethod.Get, false) })
        {
            (await client.AskAsync(method, "/orders/echo", method == HttpMethod.Post ? new StringContent("x") : null, key ? [("Idempotency-Key", "k1")] : [])).Body.Should().StartWith("1.0.0");
        }

        await fleet.UntilMirrorAsync(report => report is { Answered: 2, Open: 0 });
        standby.Count(request => request.Headers.GetValueOrDefault("Idempotency-Key") == "k1").Should().Be(1);
        standby.Count(request => request.Body.Length == 0).Should().Be(1, "a GET needs none");
    }

    // Both answers arrive before the gate of the copy is opened, on one connection and with a body as well: nothing of a request waits for its copy.
    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Requests_OfAnyProtocol_NeverWaitForTheirCopies(HttpProtocols protocols)
    {
        await using var fleet = await Fleet.HostAsync(protocols: protocols);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var standby = Requests(fleet.Green);
        var answer = fleet.Green.Trouble;
        fleet.Green.Trouble = async context =>
        {
            await release.Task;
            return await answer(context);
        };
        using var client = fleet.Client(protocols);
        await fleet.MirrorAsync(new { methods = new[] { "GET", "POST" }, compare = new { noisePercent = 0 } });
        var body = new byte[60_000];
        Random.Shared.NextBytes(body);

        (await client.AskAsync("/orders/x?q=1")).Body.Should().Be("1.0.0");
        (await client.AskAsync(HttpMethod.Post, "/orders/echo", new ByteArrayContent(body))).Body.Should().StartWith("1.0.0");
        (await fleet.UntilMirrorAsync(report => report.Open == 2)).Answered.Should().Be(0);
        release.SetResult();

        await fleet.UntilMirrorAsync(report => report is { Answered: 2, SameStatus: 2, Failed: 0, Open: 0 });
        standby.Select(request => request.Target).Should().BeEquivalentTo("/orders/x?q=1", "/orders/echo");
        standby.Single(request => request.Target == "/orders/echo").Body.Should().Equal(body);
    }

    [Fact]
    public async Task Load_Above100Percent_SendsSafeRequestsSeveralTimesAndComparesTheFirst()
    {
        await using var fleet = await Fleet.HostAsync();
        var standby = Requests(fleet.Green);
        using var client = fleet.Client();
        await fleet.MirrorAsync(new { percent = 300, methods = new[] { "GET", "POST" }, compare = new { noisePercent = 0 } });

        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
        (await client.AskAsync(HttpMethod.Post, "/orders/echo", new StringContent("x"))).Body.Should().StartWith("1.0.0");

        await fleet.UntilMirrorAsync(report => report is { Sent: 4, Repeated: 2, Answered: 2, Open: 0 });
        standby.Select(request => request.Headers[MirrorClient.Header]).Should().HaveCount(4).And.OnlyHaveUniqueItems();
        standby.Count(request => request.Target == "/orders/x").Should().Be(3);
        fleet.Blue.Requests.Should().Be(2);
    }

    // The places are the memory: a copy for load takes one as any other does.
    [Fact]
    public async Task Load_OverTheLimit_IsDroppedAndCounted()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = new System.Text.Json.Nodes.JsonObject
        {
            ["Mirror"] = new System.Text.Json.Nodes.JsonObject { ["MaxConcurrent"] = 4 },
        });
        fleet.Green.Trouble = HangAsync;
        using var client = fleet.Client();
        await fleet.MirrorAsync(new { percent = 1000, compare = new { noisePercent = 0 } });

        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");

        (await fleet.UntilMirrorAsync(report => report is { Sent: 4, Open: 4 })).Skipped["concurrency"].Should().Be(6);
        (await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path)).Status.Should().Be(200);
        await fleet.UntilMirrorAsync(report => report.Open == 0);
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Mirrored == 0);
    }

    [Fact]
    public async Task EventStream_OfTheActiveSlot_IsPassedOnAndLeftOut()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        await fleet.MirrorAsync();
        using (var response = await client.GetAsync("/orders/events", HttpCompletionOption.ResponseHeadersRead))
        {
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
            (await lines.ReadLineAsync()).Should().NotBeNull();
        }

        await fleet.UntilMirrorAsync(report => report is { Open: 0, Answered: 0, Failed: 0 } && report.Skipped["streaming"] == 1);
    }

    private static ConcurrentQueue<SeenRequest> Requests(TestApi api)
    {
        var seen = new ConcurrentQueue<SeenRequest>();
        api.Trouble = async context =>
        {
            using var body = new MemoryStream();
            context.Request.EnableBuffering();
            await context.Request.Body.CopyToAsync(body);
            context.Request.Body.Position = 0;
            seen.Enqueue(new(
                context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget,
                context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()),
                body.ToArray()));
            return false;
        };
        return seen;
    }

    private static async Task<bool> HangAsync(HttpContext context)
    {
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }

    private static async Task<string> SendAsync(Fleet fleet, string request)
    {
        using var connection = await RawConnection.OpenAsync(fleet.Gateway.Url);
        await connection.SendAsync(request);
        using var answer = new MemoryStream();
        await connection.Stream.CopyToAsync(answer).WaitAsync(TestLimits.Wait);
        return string.Join('\n', Encoding.Latin1.GetString(answer.ToArray()).Split('\n').Where(line => !line.StartsWith("Date:", StringComparison.Ordinal)));
    }

    private sealed record SeenRequest(string Target, Dictionary<string, string> Headers, byte[] Body);
}

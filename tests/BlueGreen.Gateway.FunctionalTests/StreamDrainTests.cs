using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Server-sent events, gRPC and long downloads through switches.</summary>
public sealed class StreamDrainTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task EventStream_ThroughACutover_EndsCleanlyBetweenTwoEvents(string http)
    {
        await using var fleet = await StartAsync(http, grace: "00:00:00.5");
        using var client = Client(fleet, http);
        using var response = await EventsAsync(client);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight == new InFlightCounts(0, 1, 0, 1));

        var release = (await fleet.Admin.CutoverAsync(until: "drained")).Release;

        // Ends without an exception: a stream that was cut would throw.
        var events = await response.Content.ReadAsStringAsync();
        events.Should().EndWith("data: 1.0.0\n\n", "no event is torn");
        events.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Should().AllSatisfy(one => one.Should().MatchRegex(@"^id: \d+\ndata: 1\.0\.0$"));
        release.Drain.Should().BeEquivalentTo(new { StartedWith = 1, Remaining = 0, Aborted = 0 });
        using var again = await EventsAsync(client);
        again.Headers.GetValues("X-Environment").Should().Equal("green");
    }

    // The client's own implementation of the protocol: it reconnects by itself, and misses nothing.
    [NodeFact]
    public async Task EventSource_ThroughACutover_ReconnectsToTheNewSlotAndMissesNoEvent()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:00.3");
        using var node = NodeFactAttribute.Run(
            """
            const source = new EventSource(process.argv[1]);
            setInterval(() => {}, 1000);
            source.onmessage = message => console.log(message.lastEventId + " " + message.data);
            """,
            "--experimental-eventsource",
            fleet.Gateway.Url + "/orders/events");
        var lines = new List<string>();
        await ReadUntilAsync(node, lines, line => line.EndsWith("1.0.0", StringComparison.Ordinal));

        await fleet.Admin.CutoverAsync();

        await ReadUntilAsync(node, lines, line => line.EndsWith("2.0.0", StringComparison.Ordinal));
        lines.Select(line => int.Parse(line.Split(' ')[0])).Should().Equal(Enumerable.Range(1, lines.Count));
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    [Fact]
    public async Task EventStream_ClientVanishes_CountsDownToZero()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:10");
        using (var client = Client(fleet, "1.1"))
        {
            using var response = await EventsAsync(client);
            await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Streams == 1);
        }

        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    // It was cut by the API; the client has to see that, and not a clean end.
    [Fact]
    public async Task EventStream_ApiVanishes_IsCutForTheClientTooAndCountsDownToZero()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:10");
        using var client = Client(fleet, "1.1");
        using var response = await EventsAsync(client);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Streams == 1);

        await fleet.Blue.DisposeAsync();

        await ((Func<Task>)(() => response.Content.ReadAsStringAsync())).Should().ThrowAsync<HttpRequestException>();
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    [Fact]
    public async Task EventStream_RollbackDuringTheDrain_GoesOn()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:03");
        using var client = Client(fleet, "1.1");
        using var response = await EventsAsync(client);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await reader.ReadLineAsync();
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 60 });

        (await fleet.Admin.RollbackAsync(until: "completed")).Status.Should().Be(200);

        // Past the grace of the first drain.
        var since = Stopwatch.StartNew();
        while (since.Elapsed < TimeSpan.FromSeconds(3.5))
        {
            (await reader.ReadLineAsync()).Should().NotBeNull("the slot is active again");
        }
    }

    [Fact]
    public async Task Grpc_ThroughACutover_EndsBetweenTwoMessagesWithAStatusThatClientsRetry()
    {
        await using var fleet = await StartAsync("2.0", grace: "00:00:03");
        using var call = GrpcCall.Start(fleet.Gateway.Url);
        (await call.EchoAsync("one")).Should().Be("one");
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Should().Be(new InFlightCounts(0, 1, 0, 1));

        await fleet.Admin.CutoverAsync();

        (await call.EchoAsync("two")).Should().Be("two", "the old slot goes on serving it");
        (await call.ReceiveAsync()).Should().BeNull();
        call.Status.Should().Be("14", "UNAVAILABLE is what retry policies retry");
        using var again = GrpcCall.Start(fleet.Gateway.Url);
        (await again.EchoAsync("three")).Should().Be("three");
        var drained = await fleet.Admin.UntilNoReleaseAsync();
        drained.Slots.Blue.InFlight.Total.Should().Be(0, "a client that leaves its half of the call open does not hold the drain up");
        drained.Slots.Green.InFlight.Streams.Should().Be(1);
    }

    [Fact]
    public async Task Grpc_EndedByTheClient_HasTheApisOwnStatusAndCountsDownToZero()
    {
        await using var fleet = await StartAsync("2.0", grace: "00:00:10");
        using var call = GrpcCall.Start(fleet.Gateway.Url);
        await call.EchoAsync("one");

        call.End();

        (await call.ReceiveAsync()).Should().BeNull();
        call.Status.Should().Be("0");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    [Fact]
    public async Task Grpc_RollbackDuringTheDrain_GoesOn()
    {
        await using var fleet = await StartAsync("2.0", grace: "00:00:03");
        using var call = GrpcCall.Start(fleet.Gateway.Url);
        await call.EchoAsync("one");
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 60 });

        (await fleet.Admin.RollbackAsync(until: "completed")).Status.Should().Be(200);

        // Past the grace of the first drain.
        await Task.Delay(TimeSpan.FromSeconds(3.5));
        (await call.EchoAsync("two")).Should().Be("two");
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Streams.Should().Be(1);
    }

    // A call that has not begun to answer may be a computation: it has until the deadline, and then it is told the truth.
    [Fact]
    public async Task Grpc_NotAnsweredAtTheDeadline_IsCancelledAndCounted()
    {
        await using var fleet = await StartAsync("2.0", grace: "00:00:00");
        using var call = GrpcCall.Start(fleet.Gateway.Url, "/orders/gate/never");
        await call.SendAsync("one");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Streams == 1);

        var release = (await fleet.Admin.CutoverAsync(new { drainSeconds = 0.5 }, until: "completed")).Release;

        release.Drain.Should().BeEquivalentTo(new { StartedWith = 1, Remaining = 0, Aborted = 1 });
        (await call.HttpStatusAsync()).Should().Be(HttpStatusCode.OK);
        (await call.HeaderStatusAsync()).Should().Be("14", "it is UNAVAILABLE");
    }

    [Fact]
    public async Task Grpc_ClientVanishes_CountsDownToZero()
    {
        await using var fleet = await StartAsync("2.0", grace: "00:00:10");
        using (var call = GrpcCall.Start(fleet.Gateway.Url))
        {
            await call.EchoAsync("one");
            (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Streams.Should().Be(1);
            call.Vanish();
        }

        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    [Fact]
    public async Task Grpc_ApiVanishes_IsResetForTheClientTooAndCountsDownToZero()
    {
        await using var fleet = await StartAsync("2.0", grace: "00:00:10");
        using var call = GrpcCall.Start(fleet.Gateway.Url);
        await call.EchoAsync("one");

        await fleet.Blue.DisposeAsync();

        await ((Func<Task>)(() => call.ReceiveAsync())).Should().ThrowAsync<Exception>("no status may be made up for a call that broke");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    // It can't be ended cleanly: what is half a file would look like the whole. So it has until the deadline.
    [Fact]
    public async Task Download_LongerThanTheGrace_IsCountedAsAStreamAndFinishesOnTheOldSlot()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:00", streamAfter: "00:00:00.2");
        using var client = Client(fleet, "1.1");
        using var response = await client.GetAsync("/orders/stream/report", HttpCompletionOption.ResponseHeadersRead);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight == new InFlightCounts(0, 1, 0, 1));

        var release = (await fleet.Admin.CutoverAsync()).Release;
        release.Drain!.Remaining.Should().Be(1);

        fleet.Blue.Open("report");
        (await response.Content.ReadAsStringAsync()).Should().Be("begun\nended\n");
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.ReleaseAsync(release.Id)).Drain!.Aborted.Should().Be(0);
        (await fleet.Admin.StatusAsync()).Slots.Blue.InFlight.Should().Be(new InFlightCounts(0, 0, 0, 0));
    }

    // A tool that people use, and a body that is still being sent when the switch comes.
    [Fact]
    public async Task Upload_WithCurl_ThroughACutover_FinishesOnTheOldSlot()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:00");
        using var curl = await UploadAsync(fleet, rate: "200K");

        var release = (await fleet.Admin.CutoverAsync()).Release;
        release.Drain!.Remaining.Should().Be(1, "the upload takes two seconds");

        var answer = await curl.StandardOutput.ReadToEndAsync();
        answer.Should().Contain("200 OK").And.Contain("X-Environment: blue").And.Contain("1.0.0 ");
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.ReleaseAsync(release.Id)).Drain!.Aborted.Should().Be(0);
    }

    [Fact]
    public async Task Upload_OutlastsTheDeadline_IsToldTheTruthAndCounted()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:00");
        using var curl = await UploadAsync(fleet, rate: "1K");

        var release = (await fleet.Admin.CutoverAsync(new { drainSeconds = 0.5 }, until: "completed")).Release;

        release.Drain.Should().BeEquivalentTo(new { StartedWith = 1, Remaining = 0, Aborted = 1 });
        (await curl.StandardOutput.ReadToEndAsync()).Should().StartWith("HTTP/1.1 504 ").And.Contain("X-Environment: blue");
    }

    [Fact]
    public async Task Upload_ClientVanishes_CountsDownToZeroAndIsNotCountedAsAborted()
    {
        await using var fleet = await StartAsync("1.1", grace: "00:00:00");
        using var cancel = new CancellationTokenSource();
        using var client = Client(fleet, "1.1");
        using var slow = new SlowContent();
        var upload = client.PostAsync("/orders/echo", slow, cancel.Token);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Requests == 1);
        var release = (await fleet.Admin.CutoverAsync()).Release;

        await cancel.CancelAsync();

        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.ReleaseAsync(release.Id)).Drain.Should().BeEquivalentTo(new { StartedWith = 1, Remaining = 0, Aborted = 0 });
        await ((Func<Task>)(() => upload)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Upload_LargerThanTheConfiguredLimit_IsRefused()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
            configuration["Kestrel"] = JsonNode.Parse("""{ "Limits": { "MaxRequestBodySize": 1000 } }"""));
        using var client = Client(fleet, "1.1");

        using var response = await client.PostAsync("/orders/echo", new ByteArrayContent(new byte[1001]));

        response.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    private static async Task<Process> UploadAsync(Fleet fleet, string rate)
    {
        var file = Path.Combine(fleet.Folder, "upload.bin");
        await File.WriteAllBytesAsync(file, new byte[400_000]);
        var curl = Process.Start(new ProcessStartInfo("curl", ["-sS", "-i", "--limit-rate", rate, "--data-binary", $"@{file}", "-H", "Expect:", fleet.Gateway.Url + "/orders/echo"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Requests == 1);
        return curl;
    }

    private static Task<HttpResponseMessage> EventsAsync(HttpClient client)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/orders/events") { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static HttpClient Client(Fleet fleet, string http) => new()
    {
        BaseAddress = new Uri(fleet.Gateway.Url),
        DefaultRequestVersion = new Version(http),
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static Task<Fleet> StartAsync(string http, string grace, string streamAfter = "00:00:10") => Fleet.HostAsync(
        configuration => Fleet.Service(configuration)["Drain"]!["LongLived"] =
            new JsonObject { ["Grace"] = grace, ["Spread"] = "00:00:00", ["StreamAfter"] = streamAfter },
        http == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);

    // A body that never ends, a byte at a time.
    private sealed class SlowContent : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            while (true)
            {
                await stream.WriteAsync("x"u8.ToArray(), cancellationToken);
                await stream.FlushAsync(cancellationToken);
                await Task.Delay(10, cancellationToken);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private static async Task ReadUntilAsync(NodeProcess process, List<string> lines, Func<string, bool> condition)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (lines.Count == 0 || !condition(lines[^1]))
        {
            lines.Add(await process.Output.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException("The client has ended: " + await process.Error.ReadToEndAsync()));
        }
    }
}

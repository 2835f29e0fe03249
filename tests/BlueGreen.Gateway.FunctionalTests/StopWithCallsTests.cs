using System.Diagnostics;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The gateway stops while its admin API is in use, or while its disk hangs: callers that wait are answered, and the stop has an end.</summary>
public sealed class StopWithCallsTests
{
    // Several times what the sockets of both sides hold.
    private const int UnreadAnswers = 2000;

    [LinuxFact]
    public async Task Stop_CallersWait_AreAnsweredWithTheReleaseAsItIs()
    {
        await using var receiver = await HookReceiver.StartAsync();
        receiver.Answer = (context, _, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await using var fleet = await StartAsync(configuration =>
        {
            Fleet.AddService(configuration, "carts");
            var hook = receiver.Hook("preSwitch");
            hook["Timeout"] = "00:05:00";
            hook["Services"] = new JsonArray("carts");
            configuration["BlueGreen"]!["Hooks"] = new JsonObject { ["ci"] = hook };
        });
        var baking = fleet.Admin.CutoverAsync(new { bakeSeconds = 3600 }, wait: 60, until: "completed");
        var verifying = fleet.Admin.PostAsync("/v1/services/carts/cutover", wait: 60);
        using var events = await RawConnection.OpenAsync(fleet.Admin.Http.BaseAddress!.ToString());
        await events.SendAsync("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
        await events.ReadTextUntilAsync("\r\n\r\n");
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Baking);
        await receiver.UntilAsync(seen => seen.Count == 1);

        (await fleet.Gateway.StopAsync()).Should().Be(0, fleet.Gateway.Output);

        foreach (var (call, status) in new[] { (baking, ReleaseStatus.Baking), (verifying, ReleaseStatus.Verifying) })
        {
            var answer = await call;
            answer.Status.Should().Be(202, answer.Body);
            answer.Release.Status.Should().Be(status);
            answer.Headers["Location"].Should().Be($"/v1/releases/{answer.Release.Id}");
        }

        (await events.ReadTextToEndAsync()).Should().EndWith("\r\n0\r\n\r\n");
        fleet.Gateway.Output.Should().NotContain("cut off", "all were answered");
    }

    [LinuxFact]
    public async Task Stop_CallersSendHalfARequestOrDoNotRead_AreCutOff()
    {
        await using var fleet = await StartAsync();
        using var head = await CallAsync(fleet, "GET /v1/services HTTP/1.1\r\nHost: x\r\n");
        using var body = await CallAsync(fleet, "POST /v1/services/orders/cutover HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
        using var unread = await CallAsync(fleet, string.Concat(Enumerable.Repeat("GET /openapi/v1.json HTTP/1.1\r\nHost: x\r\n\r\n", UnreadAnswers)));

        // Answers on another connection: what came before has been taken up by then.
        await fleet.Admin.StatusAsync();

        (await fleet.Gateway.StopAsync()).Should().Be(0, fleet.Gateway.Output);

        fleet.Gateway.Output.Should().Contain("were cut off").And.NotContain("stopped before all", "the admin API has a limit of its own");
    }

    // Pipes with nobody at the other end: whoever opens one hangs, as on a disk that does not answer.
    [LinuxFact]
    public async Task Stop_DiskHangs_DrainsAndEndsNevertheless()
    {
        // Nothing shows from outside that a write hangs already; a cutover that the stop has overtaken is refused, and tried again.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            if (await StopOnAHungDiskAsync())
            {
                return;
            }
        }

        Assert.Fail("The stop has always been faster than the cutover that was sent before it.");
    }

    private static async Task<bool> StopOnAHungDiskAsync()
    {
        await using var fleet = await StartAsync();
        await MakePipeAsync(fleet.StateFile + ".tmp");
        File.Delete(Path.Combine(fleet.StateFolder, "gateway.pid"));
        await MakePipeAsync(Path.Combine(fleet.StateFolder, "gateway.pid"));
        var cutover = fleet.Admin.CutoverAsync(new { force = true }, wait: 60);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var slow = client.GetAsync("/orders/gate/slow");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);

        var stop = fleet.Gateway.StopAsync();
        await fleet.Gateway.UntilOutputAsync("No longer listening");
        fleet.Blue.Open("slow");

        using var response = await slow;
        ((int)response.StatusCode).Should().Be(200);
        (await stop).Should().Be(0, fleet.Gateway.Output);
        fleet.Gateway.Output.Should().Contain("gateway.pid was not removed");
        try
        {
            (await cutover).Code.Should().Be("state-unavailable");
            return false;
        }
        catch (HttpRequestException)
        {
            // Nobody knows whether it was stored, so it has no answer.
            fleet.Gateway.Output.Should().Contain("The state could not be given up");
            return true;
        }
    }

    private static async Task<RawConnection> CallAsync(Fleet fleet, string sent)
    {
        var caller = await RawConnection.OpenAsync(fleet.Admin.Http.BaseAddress!.ToString());
        await caller.SendAsync(sent);
        return caller;
    }

    private static Task<Fleet> StartAsync(Action<JsonNode>? configure = null) => Fleet.StartAsync(configuration =>
    {
        configuration["BlueGreen"]!["Shutdown"] = new JsonObject { ["Timeout"] = "00:00:05", ["IdleConnections"] = "00:00:00.2" };
        configure?.Invoke(configuration);
    });

    private static async Task MakePipeAsync(string path)
    {
        using var mkfifo = Process.Start("mkfifo", path);
        await mkfifo.WaitForExitAsync();
        mkfifo.ExitCode.Should().Be(0);
    }
}

using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary><c>Traffic:Mirror</c> of a service: what an order may leave out, and what it may not exceed.</summary>
public sealed class MirrorConfigurationTests
{
    [Fact]
    public async Task Order_OfNothing_IsAsConfiguredAndOneAboveALimitIsRefused()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false, configure: configuration => Configure(configuration, """
            { "Percent": 10, "Duration": "00:05:00", "Methods": [ "GET", "POST" ], "RequireIdempotencyKey": true, "MaxPercent": 20, "MaxDuration": "00:10:00",
              "MaxBodyBytes": 2048, "MaxConcurrent": 3, "MaxPerSecond": 50 }
            """));

        var report = await fleet.MirrorAsync(new { });

        (report.Percent, report.EndsAt - report.Since, report.RequireIdempotencyKey).Should().Be((10, TimeSpan.FromMinutes(5), true));
        (report.MaxBodyBytes, report.MaxConcurrent, report.MaxPerSecond).Should().Be((2048, 3, 50));
        report.Methods.Should().Equal("GET", "POST");
        var refused = await fleet.Admin.PostAsync(MirrorClient.Path, new { percent = 20.5, seconds = 601 });
        refused.Status.Should().Be(400, refused.Body);
        refused.Json.GetProperty("errors").GetProperty("percent")[0].GetString().Should().Be("must be at most 20: Traffic:Mirror:MaxPercent of the service");
        refused.Json.GetProperty("errors").GetProperty("seconds")[0].GetString().Should().Be("must be at most 600: Traffic:Mirror:MaxDuration of the service");
        (await fleet.MirrorAsync(new { percent = 20, seconds = 600 })).Percent.Should().Be(20);
    }

    [Fact]
    public async Task Copy_LongerThanTheTimeout_IsGivenUp()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Configure(configuration, """{ "Timeout": "00:00:00.1" }"""));
        fleet.Green.Trouble = async context =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        using var client = fleet.Client();
        await fleet.MirrorAsync();

        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");

        var report = await fleet.UntilMirrorAsync(report => report is { Failed: 1, Open: 0 });
        report.Differences.Should().ContainSingle().Which.Standby.Should().Be("no whole answer in time");
    }

    [Fact]
    public async Task Reload_WhileAMirrorRuns_CountsFromTheNextOrderOn()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        var before = await fleet.MirrorAsync(new { percent = 50 });

        AdminSection.Rewrite(fleet, configuration => Configure(configuration, """{ "MaxPercent": 20, "MaxConcurrent": 5 }"""));
        await fleet.Gateway.UntilOutputAsync("Traffic:Mirror:MaxPercent");

        await AdminSection.UntilAsync(async () => (await fleet.Admin.PostAsync(MirrorClient.Path, new { percent = 50 })).Status == 400, () => fleet.Gateway.Output);
        var status = await fleet.MirrorStatusAsync();
        (status.Running, status.Newest!.Since, status.Newest.Percent, status.Newest.MaxConcurrent).Should().Be((true, before.Since, 50, 64));
        (await fleet.MirrorAsync(new { percent = 20 })).MaxConcurrent.Should().Be(5);
    }

    private static void Configure(JsonNode configuration, string mirror) =>
        Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Mirror"] = JsonNode.Parse(mirror) };
}

using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary><c>/metrics</c>, read as a monitoring system would.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Metrics_OfMirrors_GoOnCountingWithTheNextMirror()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = 404;
            return Task.FromResult(true);
        };
        using var client = fleet.Client();
        for (var mirror = 1; mirror <= 2; mirror++)
        {
            await fleet.MirrorAsync(new { seconds = 100 * mirror, methods = new[] { "GET", "POST" }, compare = new { noisePercent = 0 } });
            (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
            (await client.AskAsync(HttpMethod.Post, "/orders/echo", new ByteArrayContent(new byte[70_000]))).Body.Should().StartWith("1.0.0");
            await fleet.UntilMirrorAsync(report => report is { Answered: 1, Open: 0 } && report.Skipped["requestTooLarge"] == 1);
        }

        var metrics = Read(await fleet.Admin.Http.GetStringAsync("/metrics"));

        metrics["""bluegreen_mirror_running{service="orders"}"""].Should().Be(1);
        metrics["""bluegreen_mirror_sent_total{service="orders"}"""].Should().Be(2);
        metrics["""bluegreen_mirror_answered_total{service="orders"}"""].Should().Be(2);
        metrics["""bluegreen_mirror_failed_total{service="orders"}"""].Should().Be(0);
        metrics["""bluegreen_mirror_different_total{service="orders"}"""].Should().Be(2);
        metrics["""bluegreen_mirror_skipped_total{service="orders",reason="requestTooLarge"}"""].Should().Be(2);
        metrics["""bluegreen_mirror_places{service="orders",verdict="suspected"}"""].Should().Be(1);
        metrics["""bluegreen_mirror_in_flight{service="orders",slot="green"}"""].Should().Be(0);
        foreach (var slot in new[] { "blue", "green" })
        {
            metrics[$$"""bluegreen_mirror_response_seconds_count{service="orders",slot="{{slot}}"}"""].Should().Be(2);
            metrics[$$"""bluegreen_mirror_response_seconds_bucket{service="orders",slot="{{slot}}",le="33.554432"}"""].Should().Be(2);
        }
    }

    [Fact]
    public async Task Metrics_OfAGatewayThatServes_AreWellFormedAndCountWhatHappened()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var index = 0; index < 5; index++)
        {
            await client.GetAsync("/orders/now");
        }

        await client.GetAsync("/orders/status/503");
        await client.GetAsync("/orders/status/404");
        var held = client.GetAsync("/orders/gate/held");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 60 });
        await client.GetAsync("/orders/now");

        using var response = await fleet.Admin.Http.GetAsync("/metrics");

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().Should().Be("text/plain; version=0.0.4; charset=utf-8");
        var metrics = Read(await response.Content.ReadAsStringAsync());
        metrics["""bluegreen_slot_active{service="orders",slot="blue"}"""].Should().Be(0);
        metrics["""bluegreen_slot_active{service="orders",slot="green"}"""].Should().Be(1);
        metrics["""bluegreen_in_flight{service="orders",slot="blue",kind="requests"}"""].Should().Be(1);
        metrics["""bluegreen_responses_total{service="orders",slot="blue",class="2xx"}"""].Should().Be(5);
        metrics["""bluegreen_responses_total{service="orders",slot="blue",class="4xx"}"""].Should().Be(1);
        metrics["""bluegreen_responses_total{service="orders",slot="blue",class="5xx"}"""].Should().Be(1);
        metrics["""bluegreen_responses_total{service="orders",slot="green",class="2xx"}"""].Should().Be(1);
        metrics["""bluegreen_response_seconds_count{service="orders",slot="blue"}"""].Should().Be(7);
        metrics["""bluegreen_slot_info{service="orders",slot="green",version="2.0.0"}"""].Should().Be(1);
        metrics["""bluegreen_destination_healthy{service="orders",slot="green",destination="g1"}"""].Should().Be(1);
        metrics["bluegreen_ready"].Should().Be(1);
        metrics.Keys.Should().ContainSingle(key => key.StartsWith("bluegreen_release_running{", StringComparison.Ordinal)).Which.Should().Contain("""status="draining",from="blue",to="green"}""");
        var buckets = metrics.Where(entry => entry.Key.StartsWith("bluegreen_response_seconds_bucket{service=\"orders\",slot=\"blue\"", StringComparison.Ordinal)).Select(entry => entry.Value).ToList();
        buckets.Should().BeInAscendingOrder("buckets are cumulative");
        buckets[^1].Should().Be(7);
        fleet.Blue.Open("held");
        await held;
    }

    [Fact]
    public async Task Metrics_OfAShift_SayWhoGoesWhereAndHowNearItIsToBeingTakenBack()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "request" };
            Fleet.AddService(configuration, "users");
        });
        var started = await fleet.Admin.CutoverAsync(new { shift = new { steps = new[] { new { weight = 50, forSeconds = 600 } } } }, until: "shifting");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var index = 0; index < 40; index++)
        {
            await client.GetAsync("/orders/now");
        }

        // The threshold is there when the watch has begun.
        await fleet.Admin.UntilAsync(status => status.Release!.Shift!.Services.Single().Threshold > 0);
        var metrics = Read(await fleet.Admin.Http.GetStringAsync("/metrics"));

        metrics["""bluegreen_shift_weight{service="orders"}"""].Should().Be(0.5);
        metrics["""bluegreen_shift_weight{service="users"}"""].Should().Be(0);
        var (toGreen, toBlue) = (metrics["""bluegreen_shift_requests_total{service="orders",slot="green"}"""], metrics["""bluegreen_shift_requests_total{service="orders",slot="blue"}"""]);
        (toGreen + toBlue).Should().Be(40);
        metrics["""bluegreen_shift_share{service="orders"}"""].Should().BeApproximately(toGreen / 40, 0.001);
        metrics["""bluegreen_shift_waiting{service="orders"}"""].Should().Be(0);
        metrics["""bluegreen_shift_evidence{service="orders"}"""].Should().BeLessThan(metrics["""bluegreen_shift_threshold{service="orders"}"""]);
        metrics.Keys.Should().Contain(key => key.StartsWith("bluegreen_release_running{", StringComparison.Ordinal) && key.Contains("status=\"shifting\"", StringComparison.Ordinal));

        (await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/pause")).Status.Should().Be(200);
        Read(await fleet.Admin.Http.GetStringAsync("/metrics"))["""bluegreen_shift_waiting{service="orders"}"""].Should().Be(1);

        (await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/abort")).Status.Should().Be(200);
        await fleet.Admin.UntilNoReleaseAsync();
        var after = Read(await fleet.Admin.Http.GetStringAsync("/metrics"));
        after["""bluegreen_shift_weight{service="orders"}"""].Should().Be(0);
        after.Keys.Should().NotContain(key => key.StartsWith("bluegreen_shift_share", StringComparison.Ordinal) || key.StartsWith("bluegreen_shift_evidence", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_WithTokensConfigured_NeedOne()
    {
        var token = new JsonObject { ["Name"] = "monitoring", ["Role"] = "viewer", ["Sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("secret"u8)) };
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Tokens"] = new JsonArray(token) },
            untilHealthy: false);

        (await fleet.Admin.Http.GetAsync("/metrics")).StatusCode.Should().Be(HttpStatusCode.Unauthorized);

        fleet.Admin.Http.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        (await fleet.Admin.Http.GetAsync("/metrics")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    // Every sample belongs to the metric that was announced before it, and no two are the same.
    private static Dictionary<string, double> Read(string text)
    {
        var samples = new Dictionary<string, double>(StringComparer.Ordinal);
        var name = "";
        text.Should().EndWith("\n");
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#'))
            {
                Comment().IsMatch(line).Should().BeTrue(line);
                name = line.Split(' ')[2];
                continue;
            }

            var sample = Sample().Match(line);
            sample.Success.Should().BeTrue(line);
            sample.Groups["name"].Value.Should().StartWith(name);
            var value = sample.Groups["value"].Value;
            samples.Add(sample.Groups["name"].Value + sample.Groups["labels"].Value, value == "+Inf" ? double.PositiveInfinity : double.Parse(value, CultureInfo.InvariantCulture));
        }

        return samples;
    }

    [GeneratedRegex(@"^# (HELP [a-z_]+ \S.*|TYPE [a-z_]+ (gauge|counter|histogram))$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Comment();

    [GeneratedRegex("""^(?<name>[a-z_]+)(?<labels>\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? (?<value>-?[0-9.E+-]+|\+Inf)$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sample();
}

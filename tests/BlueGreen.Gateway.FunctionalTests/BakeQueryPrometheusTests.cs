using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The documentation's example: a real Prometheus scrapes the gateway, and the bake compares the slots by what it has seen.</summary>
public sealed class BakeQueryPrometheusTests
{
    private const string ClientErrors =
        "sum(rate(bluegreen_responses_total{service=\"{service}\",slot=\"{slot}\",class=\"4xx\"}[1s])) / sum(rate(bluegreen_responses_total{service=\"{service}\",slot=\"{slot}\"}[1s]))";

    // 409 is nothing that the gateway judges by itself.
    [PrometheusFact]
    public async Task Compare_GreenAnswersMore4xx_IsRolledBackThroughPrometheus()
    {
        await using var prometheus = await PrometheusServer.StartAsync();
        await using var fleet = await StartAsync(prometheus);
        await prometheus.ScrapeAsync(fleet.Admin.Http.BaseAddress!);
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(10));
        await UntilAsync(async () => await prometheus.AskAsync("sum(rate(bluegreen_responses_total{slot=\"blue\"}[1s])) > 0") is not null);
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            return Task.FromResult(true);
        };

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        Release ended = null!;
        await UntilAsync(async () => (ended = await fleet.Admin.ReleaseAsync(id)).Status.IsEnded());

        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().MatchRegex(@"query client-errors on green [\d.]+, blue 0, at most 0\.01, for [\d.]+ s$");
        crowd.Bad.Should().Be(0, "there was not one server error");
    }

    [PrometheusFact]
    public async Task Compare_BothAnswerAlike_IsLeftAlone()
    {
        await using var prometheus = await PrometheusServer.StartAsync();
        await using var fleet = await StartAsync(prometheus);
        await prometheus.ScrapeAsync(fleet.Admin.Http.BaseAddress!);
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(10));
        await UntilAsync(async () => await prometheus.AskAsync("sum(rate(bluegreen_responses_total{slot=\"blue\"}[1s])) > 0") is not null);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        BakeQuery? query = null;

        // There is nothing before the first look.
        await UntilAsync(async () => (query = (await fleet.Admin.ReleaseAsync(id)).Bake.Services.SingleOrDefault()?.Queries?.Single())?.Status == "watching");

        query!.Detail.Should().Be("query client-errors on green 0, blue 0, at most 0.01");
        (await prometheus.AskAsync("bluegreen_slot_active{slot=\"green\"}")).Should().NotBeNull();
    }

    private static Task<Fleet> StartAsync(PrometheusServer prometheus) => Fleet.HostAsync(configuration => Fleet.Service(configuration)["Bake"] = new JsonObject
    {
        ["Duration"] = "00:01:00",
        ["Latency"] = JsonNode.Parse("""{ "Enabled": false }"""),
        ["Prometheus"] = new JsonObject { ["Url"] = prometheus.Url, ["Interval"] = "00:00:00.2" },
        ["Queries"] = new JsonObject
        {
            ["client-errors"] = new JsonObject { ["Query"] = ClientErrors, ["Compare"] = JsonNode.Parse("""{ "Ratio": 2, "Difference": 0.01 }""") },
        },
    });

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            await Task.Delay(50, limit.Token);
        }
    }
}

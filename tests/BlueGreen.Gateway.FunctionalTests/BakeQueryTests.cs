using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Queries to a Prometheus-compatible API that a bake is judged by.</summary>
public sealed class BakeQueryTests
{
    private const string Limit = """{ "Query": "errors{slot=\"{slot}\"}", "Max": 0.01 }""";

    [Fact]
    public async Task Query_AboveItsLimit_RollsBackAndSaysWhy()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = QueryApi.Value(0.031);
        await using var fleet = await StartAsync(api, """{ "Query": "errors{slot=\"{slot}\",v='{version}',s=\"{service}\",r=\"{release}\"}", "Max": 0.01 }""");

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().MatchRegex(@"^rolled back by release \S+ of bake: orders: query checkout-errors on green 0\.031, at most 0\.01, for [\d.]+ s$");
        ended.Events.Select(entry => entry.Type).Should().ContainInOrder("switched", "bakeFailed", "rolledBack");
        ended.Bake.Services.Single().Queries.Should().ContainSingle().Which.Should().Match<BakeQuery>(query =>
            query.Name == "checkout-errors" && query.Status == "failed" && query.Value == 0.031 && query.Max == 0.01 && query.Min == null && query.At != null);
        api.Asked.Should().AllBeEquivalentTo(new QuerySeen(
            "POST", "/api/v1/query", $$"""errors{slot="green",v='2.0.0',s="orders",r="{{id}}"}""", null, "Bearer prometheus-secret"));
        fleet.Gateway.Output.Should().NotContain("prometheus-secret");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Query_WithinItsLimit_LeavesTheReleaseAlone()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = QueryApi.Value(0.01);
        await using var fleet = await StartAsync(api, Limit);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        await api.UntilAskedAsync(5);
        var seen = await UntilAsync(fleet, id, release => QueryOf(release)?.Status == "watching");

        QueryOf(seen)!.Detail.Should().Be("query checkout-errors on green 0.01, at most 0.01");
        var metrics = (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body;
        metrics.Should().Contain("""bluegreen_bake_query_value{service="orders",query="checkout-errors"} 0.01""")
            .And.Contain("""bluegreen_bake_query_limit{service="orders",query="checkout-errors",bound="max"} 0.01""")
            .And.Contain("""bluegreen_bake_query_no_data{service="orders",query="checkout-errors"} 0""");
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/finish")).Release.Bake.Services.Single().Queries.Should().ContainSingle("it stays in the history");
    }

    // One reading may be a hiccup.
    [Fact]
    public async Task Query_AboveItsLimitOnce_LeavesTheReleaseAlone()
    {
        await using var api = await QueryApi.StartAsync();
        var count = 0;
        api.Answer = (context, _) => QueryApi.WriteValueAsync(context, Interlocked.Increment(ref count) % 2);
        await using var fleet = await StartAsync(api, Limit);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        await api.UntilAskedAsync(30);

        (await fleet.Admin.ReleaseAsync(id)).Status.IsEnded().Should().BeFalse();
    }

    // Everything that can go wrong at once, each in a query of its own: none holds up another one, nor the end of the bake.
    [Fact]
    public async Task Queries_WithoutAValue_AreShownAndLoggedOnceAndDelayNothing()
    {
        var reasons = new Dictionary<string, string>
        {
            ["hangs"] = "no answer within 0.5 s",
            ["hangs-in-the-body"] = "no answer within 0.5 s",
            ["garbage"] = "the answer is not JSON",
            ["status-500"] = "status code 500",
            ["status-400"] = "status code 400: bad_data: parse error, and the token is ***",
            ["redirect"] = "status code 302",
            ["error"] = "execution: too many samples",
            ["other-api"] = "the answer is not that of a Prometheus-compatible API",
            ["empty"] = "the result is empty",
            ["several"] = "the result has 2 samples; the query must give one value",
            ["not-a-number"] = "the value is NaN",
            ["endless"] = "the answer is longer than 256 KiB; the query must give one value",
        };
        await using var api = await QueryApi.StartAsync();
        api.Answer = (context, query) => query == "0" ? QueryApi.WriteValueAsync(context, 0) : AnswerOf(query)(context, query);
        await using var fleet = await StartAsync(api, """{ "Query": "0", "Max": 1 }""", bake =>
        {
            bake["Duration"] = "00:00:04";
            foreach (var trouble in reasons.Keys)
            {
                bake["Queries"]![trouble] = new JsonObject { ["Query"] = trouble, ["Max"] = 1 };
            }
        });

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var seen = await UntilAsync(fleet, id, release => release.Bake.Services is [{ Queries: { } queries }] && queries.Count(query => query.Status == "noData") == reasons.Count);
        var status = await fleet.Admin.StatusAsync();
        var metrics = (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body;
        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Status.Should().Be(ReleaseStatus.Succeeded, ended.Detail);
        (ended.CompletedAt!.Value - ended.SwitchedAt!.Value).Should().BeLessThan(TimeSpan.FromSeconds(20), "an API that hangs does not hold up the end");
        ended.Bake.Services[0].Queries.Should().ContainSingle(query => query.Name == "checkout-errors").Which.Status.Should().Be("watching");
        foreach (var (trouble, reason) in reasons)
        {
            seen.Bake.Services[0].Queries.Should().ContainSingle(query => query.Name == trouble).Which.Detail
                .Should().StartWith($"query {trouble} has no data").And.EndWith($": green: {reason}");
            status.Warnings.Should().ContainSingle(warning => warning.StartsWith($"Release {id}: query {trouble} has no data", StringComparison.Ordinal));
            metrics.Should().Contain($$"""bluegreen_bake_query_no_data{service="orders",query="{{trouble}}"} 1""").And.NotContain($$"""bluegreen_bake_query_value{service="orders",query="{{trouble}}"}""");
            fleet.Gateway.Output.Split($"Query {trouble} of service orders has no data").Should().HaveCount(2, "only the change is logged");
        }

        fleet.Gateway.Output.Should().NotContain("prometheus-secret");
    }

    [Fact]
    public async Task Query_ApiIsDown_IsNoDataAndNotAFinding()
    {
        var api = await QueryApi.StartAsync();
        await using var fleet = await StartAsync(api, Limit);
        await api.DisposeAsync();

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var seen = await UntilAsync(fleet, id, release => QueryOf(release)?.Status == "noData");

        QueryOf(seen)!.Detail.Should().Contain("Connection refused");
        seen.Status.IsEnded().Should().BeFalse();
    }

    // The gateway's own judgement goes on, whatever the API does.
    [Fact]
    public async Task Query_Hangs_AndServerErrors_AreFoundAsWithoutIt()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = AnswerOf("hangs");
        await using var fleet = await StartAsync(api, Limit, bake => bake["Prometheus"]!["Timeout"] = "00:01:00");
        fleet.Green.Trouble = Failing;
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(10));

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Detail.Should().Contain("responses failed on green");
        QueryOf(ended)!.Status.Should().Be("waiting");
    }

    [Theory]
    [InlineData("hold", "hold", "query checkout-errors has no data, for ")]
    [InlineData("fail", "hold", "query checkout-errors has no data, for ")]
    public async Task NoData_ToBeHeld_Holds(string noData, string onFailure, string detail)
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = AnswerOf("empty");
        await using var fleet = await StartAsync(api, $$"""{ "Query": "errors", "Max": 1, "NoData": "{{noData}}", "OnFailure": "{{onFailure}}" }""");

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var held = await UntilAsync(fleet, id, release => release.Bake.Hold is not null);

        held.Bake.Hold.Should().Be("failed");
        held.Bake.Detail.Should().StartWith($"orders: {detail}").And.EndWith("green: the result is empty");
        QueryOf(held)!.Status.Should().Be("failed");
    }

    [Fact]
    public async Task NoData_ToFail_RollsBack()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = AnswerOf("not-a-number");
        await using var fleet = await StartAsync(api, """{ "Query": "errors", "Min": 1, "NoData": "fail" }""");

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().Contain("query checkout-errors has no data, for ").And.EndWith("green: the value is NaN");
    }

    // Somebody is to decide about the query; that does not turn the automatic rollback off.
    [Fact]
    public async Task Query_ToBeHeld_AndThenServerErrors_RollsBack()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = QueryApi.Value(5);
        await using var fleet = await StartAsync(api, """{ "Query": "errors", "Max": 1, "OnFailure": "hold" }""");
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var held = await UntilAsync(fleet, id, release => release.Bake.Hold is not null);
        fleet.Green.Trouble = Failing;

        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(10));
        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());

        held.Bake.Detail.Should().StartWith("orders: query checkout-errors on green 5, at most 1, for ");
        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().Contain("responses failed on green");
    }

    // After the switch the old slot serves nobody: it is compared by what it was at the switch, which is asked for once.
    [Fact]
    public async Task Compare_NewSlotIsWorse_RollsBackByTheOldSlotsValueAtTheSwitch()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = (context, query) => QueryApi.WriteValueAsync(context, query.Contains("green", StringComparison.Ordinal) ? 0.31 : 0.2);
        await using var fleet = await StartAsync(api, """{ "Query": "p99{slot=\"{slot}\"}", "Compare": { "Ratio": 1.1, "Difference": 0.1 }, "For": "00:00:00.3" }""");

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Detail.Should().MatchRegex(@"orders: query checkout-errors on green 0\.31, blue 0\.2, at most 0\.3, for [\d.]+ s$");
        var old = api.Asked.Should().ContainSingle(asked => asked.Query.Contains("blue", StringComparison.Ordinal)).Subject;
        old.Time.Should().Be(ended.SwitchedAt!.Value.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture));
        api.Asked.Where(asked => asked != old).Should().OnlyContain(asked => asked.Time == null).And.HaveCountGreaterThan(3, "For is six intervals");
    }

    // While traffic is shifted, both slots serve: they are compared now.
    [Fact]
    public async Task Compare_DuringAShift_IsOfTheSameTimeAndTakesTheShiftBack()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = (context, query) => QueryApi.WriteValueAsync(context, query.Contains("green", StringComparison.Ordinal) ? 0.31 : 0.2);
        await using var fleet = await StartAsync(api, """{ "Query": "p99{slot=\"{slot}\"}", "Compare": { "Ratio": 1.5 } }""");
        api.Answer = QueryApi.Value(0.2);
        var id = (await fleet.Admin.CutoverAsync(new { shift = new { steps = new[] { new { weight = 10, forSeconds = 600 } } } }, until: "shifting")).Release.Id;
        await UntilAsync(fleet, id, release => QueryOf(release)?.Status == "watching");

        api.Answer = (context, query) => QueryApi.WriteValueAsync(context, query.Contains("green", StringComparison.Ordinal) ? 0.31 : 0.2);
        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());

        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().Contain("query checkout-errors on green 0.31, blue 0.2, at most 0.3, for ");
        ended.SwitchedAt.Should().BeNull();
        api.Asked.Should().OnlyContain(asked => asked.Time == null);
    }

    [Fact]
    public async Task Gate_ValueIsNotAllowed_RejectsTheReleaseAndThePreflight()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = QueryApi.Value(0.031);
        await using var fleet = await StartAsync(api, """{ "Query": "errors{slot=\"{slot}\"}", "Max": 0.01, "Gate": true }""");

        var answer = await fleet.Admin.CutoverAsync();
        var preflight = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight?to=green")).Body;

        answer.Status.Should().Be(422, answer.Body);
        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Contain("query:checkout-errors of orders").And.Contain("query checkout-errors on green 0.031, at most 0.01");
        Gates(preflight)["query:checkout-errors"].Should().Be("failed");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
        api.Answer = QueryApi.Value(0.001);
        var passed = await fleet.Admin.CutoverAsync();
        passed.Status.Should().Be(200, passed.Body);
        passed.Release.Gates.Should().ContainSingle(gate => gate.Name == "query:checkout-errors" && gate.Status == GateStatus.Passed);
    }

    [Theory]
    [InlineData("\"GateNoData\": \"fail\"", 422, "failed")]
    [InlineData("\"GateNoData\": \"pass\"", 200, "passed")]
    public async Task Gate_ApiDoesNotAnswer_FailsUnlessItMayPass(string option, int status, string verdict)
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = AnswerOf("hangs");
        await using var fleet = await StartAsync(api, $$"""{ "Query": "errors", "Max": 1, "Gate": true, {{option}} }""");

        var preflight = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight?to=green")).Body;
        var answer = await fleet.Admin.CutoverAsync();

        Gates(preflight)["query:checkout-errors"].Should().Be(verdict);
        answer.Status.Should().Be(status, answer.Body);
        answer.Body.Should().Contain("query checkout-errors has no data: green: no answer within 0.5 s");
    }

    [Fact]
    public async Task Gate_Forced_IsSkippedByName_AndOneThatNeedsAReleaseWaitsForIt()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = QueryApi.Value(5);
        await using var fleet = await StartAsync(api, """{ "Query": "errors{r=\"{release}\"}", "Max": 1, "Gate": true }""");

        var preflight = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight?to=green")).Body;
        var asked = api.Asked.Count;
        var forced = await fleet.Admin.CutoverAsync(new { force = true, reason = "known" });

        Gates(preflight)["query:checkout-errors"].Should().Be("pending");
        asked.Should().Be(0);
        forced.Release.Gates.Should().ContainSingle(gate => gate.Name == "query:checkout-errors" && gate.Status == GateStatus.Skipped);
    }

    [Fact]
    public async Task Queries_AddedWhileTheGatewayRuns_AreAskedOfTheNextRelease()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = QueryApi.Value(5);
        await using var fleet = await Fleet.HostAsync();
        var configuration = JsonNode.Parse(await File.ReadAllTextAsync(fleet.ConfigFile))!;
        Fleet.Service(configuration)["Bake"] = api.Bake(Limit);

        await File.WriteAllTextAsync(fleet.ConfigFile, configuration.ToJsonString());
        await fleet.Gateway.UntilOutputAsync("Bake:Queries:checkout-errors:Max");

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        (await UntilAsync(fleet, id, release => release.Status.IsEnded())).Detail.Should().Contain("query checkout-errors on green 5, at most 0.01");
        fleet.Gateway.Output.Should().NotContain("prometheus-secret");
    }

    [Fact]
    public async Task Token_InAFile_IsReadForEachQuestion()
    {
        await using var api = await QueryApi.StartAsync();
        await using var fleet = await StartAsync(api, Limit, bake =>
        {
            var server = bake["Prometheus"]!.AsObject();
            server.Remove("Token");
            server["TokenFile"] = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.token");
        });
        var file = JsonNode.Parse(await File.ReadAllTextAsync(fleet.ConfigFile))!["BlueGreen"]!["Services"]!["orders"]!["Bake"]!["Prometheus"]!["TokenFile"]!.GetValue<string>();
        try
        {
            var id = (await fleet.Admin.CutoverAsync()).Release.Id;
            var missing = await UntilAsync(fleet, id, release => QueryOf(release)?.Status == "noData");
            await File.WriteAllTextAsync(file, "from-a-file\n");
            await UntilAsync(fleet, id, release => QueryOf(release)?.Status == "watching");

            QueryOf(missing)!.Detail.Should().Contain("Could not find file");
            api.Asked.Should().OnlyContain(asked => asked.Authorization == "Bearer from-a-file");
            await fleet.Gateway.UntilOutputAsync("Query checkout-errors of service orders has data again");
            fleet.Gateway.Output.Should().NotContain("from-a-file");
        }
        finally
        {
            File.Delete(file);
        }
    }

    // What a process has read ends with it; the next one asks anew, and compares with the same moment.
    [Fact]
    public async Task Gateway_KilledDuringTheBake_AsksAnew()
    {
        await using var api = await QueryApi.StartAsync();
        api.Answer = QueryApi.Value(0.2);
        await using var fleet = await Fleet.StartAsync(configuration => Fleet.Service(configuration)["Bake"] = api.Bake("""{ "Query": "p99{slot=\"{slot}\"}", "Compare": { "Ratio": 1.5 } }"""));
        var switched = (await fleet.Admin.CutoverAsync()).Release;
        await UntilAsync(fleet, switched.Id, release => QueryOf(release)?.Status == "watching");

        await fleet.RestartAfterKillAsync();
        api.Answer = (context, query) => QueryApi.WriteValueAsync(context, query.Contains("green", StringComparison.Ordinal) ? 0.31 : 0.2);
        var ended = await UntilAsync(fleet, switched.Id, release => release.Status.IsEnded());

        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        api.Asked.Where(asked => asked.Time is not null).Select(asked => asked.Time).Distinct().Should().ContainSingle();
    }

    private static Task<Fleet> StartAsync(QueryApi api, string query, Action<JsonNode>? change = null) => Fleet.HostAsync(configuration =>
    {
        var bake = api.Bake(query);
        change?.Invoke(bake);
        Fleet.Service(configuration)["Bake"] = bake;
    });

    private static BakeQuery? QueryOf(Release release) => release.Bake.Services.SingleOrDefault()?.Queries?.SingleOrDefault();

    private static Dictionary<string, string> Gates(string preflight) => JsonDocument.Parse(preflight).RootElement.GetProperty("gates").EnumerateArray()
        .ToDictionary(gate => gate.GetProperty("name").GetString()!, gate => gate.GetProperty("status").GetString()!);

    private static Task<bool> Failing(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return Task.FromResult(true);
    }

    private static Func<HttpContext, string, Task> AnswerOf(string trouble) => trouble switch
    {
        "hangs" => (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted),
        "hangs-in-the-body" => async (context, _) =>
        {
            await context.Response.WriteAsync("{\"status\":\"succ");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        },
        "garbage" => QueryApi.Text("<html>Welcome</html>"),
        "status-500" => QueryApi.Text("<html>Oops</html>", StatusCodes.Status500InternalServerError),
        "status-400" => QueryApi.Text("""{"status":"error","errorType":"bad_data","error":"parse error, and the token is prometheus-secret"}""", StatusCodes.Status400BadRequest),
        "redirect" => (context, _) =>
        {
            context.Response.Redirect("http://127.0.0.1:1/");
            return Task.CompletedTask;
        },
        "error" => QueryApi.Text("""{"status":"error","errorType":"execution","error":"too many samples"}"""),
        "other-api" => QueryApi.Text("""{"status":"healthy"}"""),
        "empty" => QueryApi.Text("""{"status":"success","data":{"resultType":"vector","result":[]}}"""),
        "several" => QueryApi.Text("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"2"]}]}}"""),
        "not-a-number" => QueryApi.Text("""{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}"""),
        "endless" => async (context, _) =>
        {
            var spaces = new string(' ', 10_000);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(spaces, context.RequestAborted);
            }
        },
        _ => throw new ArgumentOutOfRangeException(nameof(trouble)),
    };

    private static async Task<Release> UntilAsync(Fleet fleet, string id, Func<Release, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var release = await fleet.Admin.ReleaseAsync(id);
            if (condition(release))
            {
                return release;
            }

            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"Not so: {release} {QueryOf(release)}");
            }

            await Task.Delay(10, CancellationToken.None);
        }
    }
}

using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>An alarm of a bake is confirmed while both slots serve, before anything is rolled back.</summary>
public sealed class ConfirmationTests
{
    [Fact]
    public async Task NewSlotFails_WhileTheOldOneDoesNot_IsConfirmedAndRolledBack()
    {
        await using var fleet = await Fleet.HostAsync(ByRequest);
        fleet.Green.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 20);
        var switched = await SwitchAsync(fleet);

        await UntilAsync(fleet, traffic, status => status.Release is null);

        var ended = await fleet.Admin.ReleaseAsync(switched.Id);
        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().Contain("responses failed on green").And.Contain("confirmed: while both slots served, with a quarter of the traffic on green, ")
            .And.Contain("bad responses fell on green").And.Contain("and 0 on blue");
        ended.Bake.Should().BeEquivalentTo(new { Outcome = "rolledBack", Comparisons = 1, Comparison = (BakeComparison?)null });
        ended.Events.Select(entry => entry.Type).Should().ContainInOrder("switched", "bakeConfirming", "bakeFailed", "rolledBack");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    // A database that both versions share has a hiccup: the past of the old slot says "worse", and the same seconds say "alike".
    [Fact]
    public async Task BothSlotsFail_Alike_IsRefutedAndTheNewSlotHasAllAgain()
    {
        await using var fleet = await Fleet.HostAsync(ByRequest);
        fleet.Green.Trouble = fleet.Blue.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 20);
        var switched = await SwitchAsync(fleet);

        await UntilAsync(fleet, traffic, status => status.Release is { Bake.Comparisons: > 0, Status: not ReleaseStatus.Confirming });
        fleet.Green.Trouble = fleet.Blue.Trouble = _ => Task.FromResult(false);

        // What failed between the verdict and the end of the trouble may raise one more alarm.
        await UntilAsync(fleet, traffic, status => status.Release!.Status == ReleaseStatus.Baking);
        while ((await traffic.OnGreenAsync()).Count < 20)
        {
        }

        var release = await fleet.Admin.ReleaseAsync(switched.Id);
        release.Bake.Hold.Should().BeNull();
        release.Bake.ComparedSeconds.Should().BePositive();
        release.Events.Should().Contain(entry => entry.Type == "bakeRefuted" && entry.Detail!.Contains("not confirmed: while both slots served", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Clients_WhileSlotsAreCompared_StayWhereTheyAreAndCountOnce()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var traffic = new Clientele(fleet.Gateway.Url, 200);
        var id = await AlarmAsync(fleet);
        var before = (await fleet.Admin.ReleaseAsync(id)).Bake.Comparison!;

        var now = await traffic.OnGreenAsync();

        now.Count.Should().BeInRange(50 - 31, 50 + 31, "five standard deviations around a quarter");
        (await traffic.OnGreenAsync()).Should().BeEquivalentTo(now);
        var status = await fleet.Admin.StatusAsync();
        status.Active.Should().Be(SlotName.Green, "nobody has switched anything");
        var comparison = (await fleet.Admin.ReleaseAsync(id)).Bake.Comparison!;
        comparison.Should().BeEquivalentTo(new { Attempt = 1, Service = "orders", Metric = "5xx", Weight = 25.0, Key = "header:X-Client" });
        (comparison.NewResponses - before.NewResponses).Should().Be(2 * now.Count);
        (comparison.OldResponses - before.OldResponses).Should().Be(2 * (200 - now.Count));
        (await fleet.Admin.Http.GetStringAsync("/metrics")).Should().Contain("""bluegreen_bake_comparing{service="orders"} 1""").And.Contain("""bluegreen_shift_weight{service="orders"} 0""");
    }

    [Fact]
    public async Task Rollback_WhileSlotsAreCompared_SendsEverybodyToTheOldOne()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var traffic = new Clientele(fleet.Gateway.Url, 50);
        var id = await AlarmAsync(fleet);

        (await fleet.Admin.RollbackAsync()).Status.Should().Be(200);

        (await traffic.OnGreenAsync()).Should().BeEmpty();
        (await fleet.Admin.ReleaseAsync(id)).Status.Should().Be(ReleaseStatus.RolledBack);
    }

    [Fact]
    public async Task Finish_WhileSlotsAreCompared_SendsEverybodyToTheNewOne()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var traffic = new Clientele(fleet.Gateway.Url, 50);
        var id = await AlarmAsync(fleet);

        (await fleet.Admin.PostAsync($"/v1/releases/{id}/finish")).Status.Should().Be(200);

        await fleet.Admin.UntilNoReleaseAsync();
        (await traffic.OnGreenAsync()).Should().HaveCount(50);
        (await fleet.Admin.ReleaseAsync(id)).Status.Should().Be(ReleaseStatus.Succeeded);
    }

    // Three quarters of the traffic go there.
    [Fact]
    public async Task Deployment_IntoTheOldSlotWhileSlotsAreCompared_IsRefusedAlsoByForce()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        var id = await AlarmAsync(fleet);

        var refused = await fleet.Admin.SendAsync(
            HttpMethod.Put, "/v1/services/orders/slots/blue", new { force = true, destinations = new { next = new { address = fleet.Green.Address } } });

        (refused.Status, refused.Code).Should().Be((409, "slot-active"), refused.Body);
        refused.Detail.Should().Contain("compares its slots").And.Contain(id);
        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green", new { force = true, destinations = new { next = new { address = fleet.Blue.Address } } }))
            .Code.Should().Be("slot-active");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Body.Should().Contain("\"action\":\"compare\"");
    }

    [Fact]
    public async Task OldSlotBecomesSick_WhileSlotsAreCompared_HoldsWithEverybodyOnTheNewOne()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var traffic = new Clientele(fleet.Gateway.Url, 50);
        await AlarmAsync(fleet);

        fleet.Blue.Health = context => fleet.Blue.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);

        var held = await fleet.Admin.UntilAsync(status => status.Release is { Bake.Hold: "sharedOutage" });
        held.Release!.Bake.Detail.Should().Contain("blue of orders is not healthy");
        (await traffic.OnGreenAsync()).Should().HaveCount(50);
    }

    [Fact]
    public async Task Kill9_WhileSlotsAreCompared_GoesOnAndDecides()
    {
        await using var fleet = await Fleet.StartAsync(ByHeader);
        using var before = new Clientele(fleet.Gateway.Url, 60);
        var id = await AlarmAsync(fleet);
        var moved = await before.OnGreenAsync();

        await fleet.RestartAfterKillAsync();

        using var traffic = new Clientele(fleet.Gateway.Url, 60);
        (await fleet.Admin.ReleaseAsync(id)).Status.Should().Be(ReleaseStatus.Confirming);
        (await traffic.OnGreenAsync()).Should().BeEquivalentTo(moved, "a client stays where it was");
        fleet.Green.Trouble = Fail;
        await UntilAsync(fleet, traffic, status => status.Release is null);
        (await fleet.Admin.ReleaseAsync(id)).Status.Should().Be(ReleaseStatus.RolledBack);
    }

    [Fact]
    public async Task Group_WhileSlotsAreCompared_IsSplitInLockStepAndGoesBackAsOne()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByHeader(configuration);
            Fleet.AddService(configuration, "users");
        });
        var switched = await fleet.Admin.PostAsync("/v1/cutover?until=switched", new { services = new[] { "orders", "users" }, bakeSeconds = 600 }, wait: 30);
        switched.Status.Should().Be(200, switched.Body);
        Func<HttpContext, Task<bool>> trouble = context => context.Request.Path.StartsWithSegments("/users", StringComparison.Ordinal) ? Fail(context) : Task.FromResult(false);
        fleet.Green.Trouble = trouble;
        using var orders = new Clientele(fleet.Gateway.Url, 100);
        using var users = new Clientele(fleet.Gateway.Url, 100, "/users/x");
        using var first = new Clientele(fleet.Gateway.Url, 1, "/users/x");
        await UntilAsync(fleet, first, status => status.Release is { Status: ReleaseStatus.Confirming }, "users");
        fleet.Green.Trouble = _ => Task.FromResult(false);

        var moved = await orders.OnGreenAsync();

        moved.Count.Should().BeInRange(25 - 22, 25 + 22, "five standard deviations around a quarter");
        (await users.OnGreenAsync()).Should().BeEquivalentTo(moved, "a client is on the same side of all services");
        fleet.Green.Trouble = trouble;
        await UntilAsync(fleet, users, status => status.Release is null, "users");
        (await fleet.Admin.ReleaseAsync(switched.Release.Id)).Status.Should().Be(ReleaseStatus.RolledBack);
        (await orders.OnGreenAsync()).Should().BeEmpty();
    }

    // Whom an address sends to the other slot would be all or nothing, and request by request a client would meet both versions at once.
    [Fact]
    public async Task Group_BehindOneAddress_RollsBackAtOnce()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        var switched = await fleet.Admin.PostAsync("/v1/cutover?until=switched", new { services = new[] { "orders", "users" }, bakeSeconds = 600 }, wait: 30);
        fleet.Green.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 10);

        await UntilAsync(fleet, traffic, status => status.Release is null);

        (await fleet.Admin.ReleaseAsync(switched.Release.Id)).Should().BeEquivalentTo(new { Status = ReleaseStatus.RolledBack, Bake = new { Comparisons = 0 } });
    }

    [Fact]
    public async Task ClientsBehindFewAddresses_AreComparedRequestByRequest()
    {
        await using var fleet = await Fleet.HostAsync();

        var id = await AlarmAsync(fleet);

        (await fleet.Admin.ReleaseAsync(id)).Bake.Comparison!.Key.Should().Be("request");
    }

    // One alarm must not hide what else is wrong: it is compared in its turn.
    [Theory]
    [InlineData(500, "responses failed on green")]
    [InlineData(0, "requests got no response within")]
    public async Task AnotherFailure_WhileSlotsAreCompared_IsFoundAtOnce(int status, string found)
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByRequest(configuration);
            Fleet.Service(configuration)["Bake"]!["FailOn"] = new JsonArray("401");
            Fleet.Service(configuration)["Bake"]!["HangAfter"] = "00:00:00.3";
        });
        var id = await AlarmAsync(fleet, StatusCodes.Status401Unauthorized);
        fleet.Green.Trouble = async context =>
        {
            if (status == 0)
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            context.Response.StatusCode = status;
            return true;
        };
        using var http = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url), Timeout = TimeSpan.FromSeconds(2) };
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 20).Select(_ => AskAsync(http, stop.Token)).ToList();

        await fleet.Admin.UntilNoReleaseAsync();

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        var ended = await fleet.Admin.ReleaseAsync(id);
        (ended.Status, ended.Detail).Should().Match<(ReleaseStatus Status, string? Detail)>(end => end.Status == ReleaseStatus.RolledBack && end.Detail!.Contains(found));
        (ended.CompletedAt - ended.SwitchedAt).Should().BeLessThan(TimeSpan.FromMinutes(2), "nobody waits for the end of the first comparison");
    }

    // Something that both slots share happens in the middle of a comparison: what was being found out must not be lost for it.
    [Fact]
    public async Task Comparison_ThatAnotherOneHasInterrupted_GoesOnWhenThatIsRefuted()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByRequest(configuration);
            Fleet.Service(configuration)["Bake"]!["FailOn"] = new JsonArray("401");
        });
        using var traffic = new Clientele(fleet.Gateway.Url, 20);
        var id = await AlarmAsync(fleet, StatusCodes.Status401Unauthorized);

        fleet.Green.Trouble = fleet.Blue.Trouble = Fail;

        // Not by what the status shows: twenty requests may be enough for the whole of the other comparison.
        static bool GoesOn(ReleaseEvent entry) => entry.Type == "bakeConfirming" && entry.Detail!.StartsWith("5xx of orders is not confirmed", StringComparison.Ordinal);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        IReadOnlyList<ReleaseEvent> events;
        for (events = []; !events.Any(GoesOn); events = (await fleet.Admin.ReleaseAsync(id)).Events)
        {
            limit.Token.ThrowIfCancellationRequested();
            _ = await traffic.OnGreenAsync();
        }

        events.TakeWhile(entry => !GoesOn(entry)).Should().NotContain(entry => entry.Type == "bakeRefuted", "all of the traffic would have gone to the new slot");
        fleet.Blue.Trouble = _ => Task.FromResult(false);
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.FromResult(true);
        };
        await UntilAsync(fleet, traffic, status => status.Release is null);
        (await fleet.Admin.ReleaseAsync(id)).Status.Should().Be(ReleaseStatus.RolledBack);
    }

    // The time of the bake is over when it turns out that both slots are alike: what comes then is watched as well.
    [Fact]
    public async Task Refuted_AfterTheTimeOfTheBake_IsWatchedForSomeTimeMore()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByRequest(configuration);
            Fleet.Service(configuration)["Bake"]!["NoData"] = "rollback";
        });
        fleet.Green.Trouble = fleet.Blue.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 20);
        var switched = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 4 })).Release;

        await UntilAsync(fleet, traffic, status => status.Release is { Bake.Comparisons: > 0, Status: not ReleaseStatus.Confirming });
        fleet.Green.Trouble = fleet.Blue.Trouble = _ => Task.FromResult(false);
        await UntilAsync(fleet, traffic, status => status.Release is null);

        var ended = await fleet.Admin.ReleaseAsync(switched.Id);
        ended.Status.Should().Be(ReleaseStatus.Succeeded, ended.Detail);
        ended.Bake.DurationSeconds.Should().BeGreaterThan(4);
    }

    // Nothing fails and nothing is answered; of those that wait for the new slot while it is compared there are never many.
    [Theory]
    [InlineData(false, ReleaseStatus.RolledBack)]
    [InlineData(true, ReleaseStatus.Baking)]
    public async Task Requests_ThatHang_AreComparedToo(bool onBoth, ReleaseStatus expected)
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByRequest(configuration);
            Fleet.Service(configuration)["Bake"]!["HangAfter"] = "00:00:00.3";
        });
        var stalls = true;
        var number = 0;
        Func<HttpContext, Task<bool>> hang = async context =>
        {
            var hangs = Interlocked.Increment(ref number) % 4 == 0;
            while (hangs && stalls && !context.RequestAborted.IsCancellationRequested)
            {
                await Task.Delay(20);
            }

            return false;
        };
        fleet.Green.Trouble = hang;
        fleet.Blue.Trouble = onBoth ? hang : _ => Task.FromResult(false);
        using var http = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url), Timeout = TimeSpan.FromSeconds(2) };
        var switched = await SwitchAsync(fleet);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 60).Select(_ => AskAsync(http, stop.Token)).ToList();

        await fleet.Admin.UntilAsync(status => status.Release is null or { Bake.Comparisons: > 0, Status: not ReleaseStatus.Confirming });

        stalls = false;
        await fleet.Admin.UntilAsync(status => expected == ReleaseStatus.RolledBack ? status.Release is null : status.Release!.Status == expected);
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        var release = await fleet.Admin.ReleaseAsync(switched.Id);
        release.Status.Should().Be(expected, release.Detail);
        release.Events.First(entry => entry.Type == "bakeConfirming").Detail.Should().Contain("got no response within");
    }

    [Theory]
    [InlineData("never")]
    [InlineData("exclusive")]
    [InlineData("sessions")]
    public async Task Alarm_WhereSlotsAreNotToBeCompared_RollsBackAtOnce(string why)
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByRequest(configuration);
            if (why == "never")
            {
                Fleet.Service(configuration)["Bake"]!["Confirm"] = "never";
            }

            if (why == "sessions")
            {
                configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!["SessionAffinity"] = new JsonObject { ["Enabled"] = true, ["AffinityKeyName"] = "a" };
            }
        });
        fleet.Green.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 20);
        var switched = why == "exclusive"
            ? (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600, hold = new { } })).Release
            : await SwitchAsync(fleet);

        await UntilAsync(fleet, traffic, status => status.Release is null);

        var ended = await fleet.Admin.ReleaseAsync(switched.Id);
        ended.Status.Should().Be(ReleaseStatus.RolledBack);
        ended.Bake.Comparisons.Should().Be(0);
    }

    // One request in a few hundred goes there: among all responses that is hardly a tenth of what an alarm takes.
    [Fact]
    public async Task OneRouteOfLittleTraffic_FailsWholly_IsConfirmedByThatRoute()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByRequest(configuration);
            configuration["ReverseProxy"]!["Routes"]!["orders-pay"] = JsonNode.Parse("""{ "ClusterId": "orders-blue", "Match": { "Path": "/orders/pay/{**rest}" } }""");
        });
        using var most = new Clientele(fleet.Gateway.Url, 400);
        using var pay = new Clientele(fleet.Gateway.Url, 1, "/orders/pay/1");
        for (var round = 0; round < 30; round++)
        {
            await Task.WhenAll(most.OnGreenAsync(), pay.OnGreenAsync());
        }

        fleet.Green.Trouble = context => context.Request.Path.StartsWithSegments("/orders/pay", StringComparison.Ordinal) ? Fail(context) : Task.FromResult(false);
        var switched = await SwitchAsync(fleet);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var comparison = (ComparedStratum?)null;
        while ((await fleet.Admin.StatusAsync()).Release is { } running)
        {
            limit.Token.ThrowIfCancellationRequested();
            comparison = running.Bake.Comparison?.Stratum ?? comparison;
            await Task.WhenAll(most.OnGreenAsync(), pay.OnGreenAsync());
        }

        var ended = await fleet.Admin.ReleaseAsync(switched.Id);
        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().Contain("responses of route orders-pay failed on green; blue 0 % there; evidence ").And.Contain("× 500, all from destination g1, the first at ")
            .And.Contain("bad responses of route orders-pay fell on green");
        comparison!.Name.Should().Be("route orders-pay");
        ended.Bake.Services[0].Metrics[0].Worst!.Name.Should().Be("route orders-pay");
        ended.Bake.Services[0].Metrics[0].Bad.Should().BeLessThan(30);
    }

    private static async Task<Release> SwitchAsync(Fleet fleet)
    {
        var switched = await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 });
        switched.Status.Should().Be(200, switched.Body);
        return switched.Release;
    }

    // Nothing decides after it: there is no more traffic than the caller's.
    private static async Task<string> AlarmAsync(Fleet fleet, int status = StatusCodes.Status500InternalServerError)
    {
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = status;
            return Task.FromResult(true);
        };
        var switched = await SwitchAsync(fleet);
        using var http = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        while ((await fleet.Admin.StatusAsync()).Release!.Status != ReleaseStatus.Confirming)
        {
            (await http.GetAsync("/orders/x")).Dispose();
        }

        fleet.Green.Trouble = _ => Task.FromResult(false);
        return switched.Id;
    }

    private static async Task UntilAsync(Fleet fleet, Clientele traffic, Func<ServiceStatus, bool> condition, string service = "orders")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition(await fleet.Admin.StatusAsync(service)))
        {
            limit.Token.ThrowIfCancellationRequested();
            _ = await traffic.OnGreenAsync();
        }
    }

    private static async Task AskAsync(HttpClient http, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                (await http.GetAsync("/orders/x", stopping)).Dispose();
            }
            catch (OperationCanceledException)
            {
                // It hangs, or the test is over.
            }
        }
    }

    private static void ByHeader(JsonNode configuration) => Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "header:X-Client" };

    private static void ByRequest(JsonNode configuration) => Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "request" };

    private static Task<bool> Fail(HttpContext context)
    {
        context.Response.StatusCode = 500;
        return Task.FromResult(true);
    }
}

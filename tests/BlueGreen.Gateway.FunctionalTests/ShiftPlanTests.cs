using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Shifts by evidence, of groups, of services with sessions, and by the configuration.</summary>
public sealed class ShiftPlanTests
{
    [Fact]
    public async Task ByEvidence_OfAGoodVersion_ReachesAllOfTheTraffic()
    {
        await using var fleet = await Fleet.HostAsync(ByRequest);
        using var load = new Pump(fleet.Gateway.Url);

        var started = await fleet.Admin.CutoverAsync(new { shift = new { byEvidence = new { maxBadResponses = 50 } } }, until: "shifting");

        started.Status.Should().Be(200, started.Body);
        started.Release.Shift.Should().BeEquivalentTo(new { ByEvidence = new { MaxBadResponses = 50 }, Step = (int?)null });
        (await fleet.Admin.UntilNoReleaseAsync()).Active.Should().Be(SlotName.Green);
        var weights = (await fleet.Admin.ReleaseAsync(started.Release.Id)).Events.Where(entry => entry.Type == "shifted").Select(entry => entry.Detail!.Split(' ')[1]).ToList();
        weights.First().Should().Be("1");
        weights.Count.Should().BeGreaterThan(3, "it takes more than one look to trust a version");
    }

    [Fact]
    public async Task ByEvidence_OfAVersionThatFailsHalfOfTheTime_IsTakenBackWithinTheBudget()
    {
        await using var fleet = await Fleet.HostAsync(ByRequest);
        var bad = 0;
        var number = 0;
        fleet.Green.Trouble = context =>
        {
            if (Interlocked.Increment(ref number) % 2 == 0)
            {
                return Task.FromResult(false);
            }

            Interlocked.Increment(ref bad);
            context.Response.StatusCode = 500;
            return Task.FromResult(true);
        };
        using var load = new Pump(fleet.Gateway.Url);
        var started = await fleet.Admin.CutoverAsync(new { shift = new { byEvidence = new { maxBadResponses = 40 } } }, until: "shifting");
        started.Status.Should().Be(200, started.Body);

        await fleet.Admin.UntilNoReleaseAsync();

        (await fleet.Admin.ReleaseAsync(started.Release.Id)).Status.Should().Be(ReleaseStatus.RolledBack);
        bad.Should().BeLessThanOrEqualTo(40);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    // Nothing fails and nothing is answered: only a cap on what may wait keeps a hang from taking everybody.
    [Fact]
    public async Task ByEvidence_OfAVersionThatHangs_NeverHasMoreWaitingThanTheBudget()
    {
        await using var fleet = await Fleet.HostAsync(ByRequest);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = 0;
        fleet.Green.Trouble = async context =>
        {
            Interlocked.Increment(ref waiting);
            await gone.Task.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        };
        using var load = new Pump(fleet.Gateway.Url, atOnce: 60);
        var started = await fleet.Admin.CutoverAsync(new { shift = new { byEvidence = new { maxBadResponses = 10 } }, drainSeconds = 1 }, until: "shifting");
        started.Status.Should().Be(200, started.Body);

        await fleet.Admin.UntilNoReleaseAsync();
        gone.SetResult();

        var ended = await fleet.Admin.ReleaseAsync(started.Release.Id);
        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().Contain("budget of 10").And.Contain("overdue");
        waiting.Should().BeLessThanOrEqualTo(10);
    }

    [Fact]
    public async Task Group_ShiftsInLockStep_AClientIsOnTheSameSideOfAllServices()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByHeader(configuration);
            Fleet.AddService(configuration, "users");
        });
        var started = await fleet.Admin.PostAsync(
            "/v1/cutover?until=shifting", new { services = new[] { "orders", "users" }, shift = new { steps = new[] { new { weight = 30, forSeconds = 600 } } } }, wait: 30);
        started.Status.Should().Be(200, started.Body);
        using var orders = new Clientele(fleet.Gateway.Url, 200);
        using var users = new Clientele(fleet.Gateway.Url, 200, "/users/x");

        var moved = await orders.OnGreenAsync();

        moved.Should().NotBeEmpty();
        (await users.OnGreenAsync()).Should().BeEquivalentTo(moved);
        (await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/promote")).Release.SwitchedAt.Should().NotBeNull();
        (await fleet.Admin.StatusAsync("users")).Active.Should().Be(SlotName.Green);
        (await users.OnGreenAsync()).Should().HaveCount(200);
    }

    [Fact]
    public async Task Sessions_OfAClientOnTheOldSlot_StayThereUntilTheSwitch()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByHeader(configuration);
            foreach (var cluster in new[] { "orders-blue", "orders-green" })
            {
                configuration["ReverseProxy"]!["Clusters"]![cluster]!["SessionAffinity"] = JsonNode.Parse("""{ "Enabled": true, "Policy": "HashCookie", "AffinityKeyName": "session" }""");
            }
        });
        var started = await fleet.Admin.CutoverAsync(new { shift = new { steps = new[] { new { weight = 1, forSeconds = 600 }, new { weight = 99, forSeconds = 600 } } } }, until: "shifting");
        started.Status.Should().Be(200, started.Body);

        // Which clients are among the first hundredth depends on the release's id; this one is not.
        using var all = new Clientele(fleet.Gateway.Url, 20);
        var early = await all.OnGreenAsync();
        using var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(fleet.Gateway.Url) };
        client.DefaultRequestHeaders.Add("X-Client", Enumerable.Range(0, 20).First(number => !early.Contains(number)).ToString(CultureInfo.InvariantCulture));
        using var first = await client.GetAsync("/orders/x");
        first.Headers.GetValues("X-Environment").Should().Equal("blue");

        (await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/promote")).Release.Shift!.Weight.Should().Be(99);

        using (var kept = await client.GetAsync("/orders/x"))
        {
            kept.Headers.GetValues("X-Environment").Should().Equal("blue");
        }

        (await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/promote?to=100")).Status.Should().Be(200);
        using var moved = await client.GetAsync("/orders/x");
        moved.Headers.GetValues("X-Environment").Should().Equal("green");
    }

    [Fact]
    public async Task Configured_Shift_IsWhatACutoverDoesUnlessItSaysOtherwise()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = JsonNode.Parse(
            """{ "Key": "cookie", "Shift": { "Steps": [ { "Weight": 5, "Duration": "00:10:00" }, { "Weight": 50, "Duration": "00:10:00" } ] } }"""));

        var shifting = await fleet.Admin.CutoverAsync(until: "shifting");
        shifting.Release.Shift.Should().BeEquivalentTo(new { Weight = 5.0, Key = "cookie", Steps = new[] { new ShiftStep(5, 600), new ShiftStep(50, 600) } });
        (await fleet.Admin.RollbackAsync()).Release.Status.Should().BeOneOf(ReleaseStatus.Reverting, ReleaseStatus.RolledBack);
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.ReleaseAsync(shifting.Release.Id)).Detail.Should().Be("taken back at 5 %: rolled back by anonymous");

        var atOnce = await fleet.Admin.CutoverAsync(new { atOnce = true, force = true });
        atOnce.Release.SwitchedAt.Should().NotBeNull();
        atOnce.Release.Shift.Should().BeNull();
    }

    // The operator has said that a finding is to wait for somebody: the weight stays where it is.
    [Fact]
    public async Task Finding_WithOnFailureHold_HoldsTheShiftUntilSomebodyResumes()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByHeader(configuration);
            Fleet.Service(configuration)["Bake"]!["OnFailure"] = "hold";
        });
        fleet.Green.Trouble = Fail;
        using var traffic = new Clientele(fleet.Gateway.Url, 300);
        var started = await fleet.Admin.CutoverAsync(new { shift = new { steps = new[] { new { weight = 20, forSeconds = 0.3 }, new { weight = 60, forSeconds = 600.0 } } } }, until: "shifting");
        await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/pause");
        _ = await traffic.OnGreenAsync();

        var held = await fleet.Admin.UntilAsync(status => status.Release is { Bake.Hold: "failed" });

        held.Release!.Status.Should().Be(ReleaseStatus.Shifting);
        held.Release.Shift!.WaitingFor.Should().Contain("failed on green");
        fleet.Green.Trouble = _ => Task.FromResult(false);
        var weight = held.Release.Shift.Weight;
        (await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/resume")).Release.Bake.Hold.Should().BeNull();
        await fleet.Admin.UntilAsync(status => status.Release!.Shift!.Weight == 60);
        weight.Should().Be(20);
    }

    // Nobody sends more traffic to a slot that says it is not well, and a step in which nobody comes says nothing.
    [Fact]
    public async Task Step_NewSlotSickOrServiceClosed_WaitsAndSaysForWhat()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "healthy");
        var started = await fleet.Admin.CutoverAsync(
            new { shift = new { steps = new[] { new { weight = 5, forSeconds = 0.5 }, new { weight = 50, forSeconds = 0.5 }, new { weight = 60, forSeconds = 600.0 } } } }, until: "shifting");
        started.Status.Should().Be(200, started.Body);
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);

        var sick = await fleet.Admin.UntilAsync(status => status.Release!.Shift!.WaitingFor is not null);
        sick.Release!.Shift!.WaitingFor.Should().StartWith("green of orders is not healthy");
        var refused = await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/promote?to=55");
        (refused.Status, refused.Code).Should().Be((422, "gate-failed"), "a slip of the finger must not send everybody to a slot that fails");
        refused.Detail.Should().Contain("green of orders is not healthy").And.Contain("force");
        var weight = sick.Release.Shift.Weight;
        (await fleet.Admin.PostAsync("/v1/services/orders/maintenance", new { message = "closed" })).Status.Should().Be(200);
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "healthy");
        var closed = await fleet.Admin.UntilAsync(status => status.Release!.Shift!.WaitingFor == "orders is in maintenance");
        closed.Release!.Shift!.Weight.Should().Be(weight);

        (await fleet.Admin.SendAsync(HttpMethod.Delete, "/v1/services/orders/maintenance")).Status.Should().Be(200);

        (await fleet.Admin.UntilAsync(status => status.Release!.Shift!.Weight == 60)).Release!.Shift!.WaitingFor.Should().BeNull();
    }

    [Fact]
    public async Task Promote_Forced_GoesToASickSlotAndStaysPaused()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        var started = await fleet.Admin.CutoverAsync(new { shift = new { steps = new[] { new { weight = 5, forSeconds = 600 } } } }, until: "shifting");
        (await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/pause")).Status.Should().Be(200);
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);

        var promoted = await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/promote?to=25", new { force = true });

        promoted.Status.Should().Be(200, promoted.Body);
        promoted.Release.Shift.Should().BeEquivalentTo(new { Weight = 25.0, PausedBy = "anonymous" });
    }

    // Everybody has the same address, as behind a NAT: the cookies tell them apart all the same.
    [Fact]
    public async Task Cookies_OfManyClientsWithOneAddress_HoldTheShareAndTheirSide()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "cookie" });
        var started = await fleet.Admin.CutoverAsync(new { shift = new { steps = new[] { new { weight = 50, forSeconds = 600 } } } }, until: "shifting");
        started.Status.Should().Be(200, started.Body);
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(fleet.Gateway.Url) };
        var moved = 0;
        for (var client = 0; client < 200; client++)
        {
            using var first = await http.GetAsync("/orders/x");
            var side = first.Headers.GetValues("X-Environment").Single();
            moved += side == "green" ? 1 : 0;
            using var again = new HttpRequestMessage(HttpMethod.Get, "/orders/x") { Headers = { { "Cookie", first.Headers.GetValues("Set-Cookie").Single().Split(';')[0] } } };
            using var second = await http.SendAsync(again);
            second.Headers.GetValues("X-Environment").Should().Equal(side);
        }

        moved.Should().BeInRange(100 - 36, 100 + 36, "five standard deviations");
    }

    [Fact]
    public async Task Kill9_WhileItIsTakenBack_EndsAsItWouldHave()
    {
        await using var fleet = await Fleet.StartAsync(ByHeader);
        var started = await fleet.Admin.CutoverAsync(new { shift = new { steps = new[] { new { weight = 99.99, forSeconds = 600 } } } }, until: "shifting");
        using var traffic = new Clientele(fleet.Gateway.Url, 1);
        var cut = traffic.SendAsync(0, "/orders/gate/held");
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Requests == 1);
        (await fleet.Admin.PostAsync($"/v1/releases/{started.Release.Id}/abort")).Release.Status.Should().Be(ReleaseStatus.Reverting);

        await fleet.RestartAfterKillAsync();

        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.ReleaseAsync(started.Release.Id)).Status.Should().Be(ReleaseStatus.Aborted);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
        await cut.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static void ByHeader(JsonNode configuration) => Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "header:X-Client" };

    private static void ByRequest(JsonNode configuration) => Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "request" };

    private static Task<bool> Fail(HttpContext context)
    {
        context.Response.StatusCode = 500;
        return Task.FromResult(true);
    }

    /// <summary>Clients that send one request after the other until they are stopped.</summary>
    private sealed class Pump : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly HttpClient _http;

        public Pump(string url, int atOnce = 4)
        {
            _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = atOnce }) { BaseAddress = new Uri(url) };
            for (var client = 0; client < atOnce; client++)
            {
                _ = Task.Run(async () =>
                {
                    while (!_stop.IsCancellationRequested)
                    {
                        try
                        {
                            using var response = await _http.GetAsync("/orders/x", _stop.Token);
                        }
                        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
                        {
                            // What a bad version does to its clients is what is looked at elsewhere.
                        }

                        await Task.Delay(5);
                    }
                });
            }
        }

        public void Dispose()
        {
            _stop.Cancel();
            _http.Dispose();
            _stop.Dispose();
        }
    }
}

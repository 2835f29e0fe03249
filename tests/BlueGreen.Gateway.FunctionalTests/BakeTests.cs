using System.Diagnostics;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What a bake does when the new slot breaks: a real gateway, APIs that break, clients with addresses of their own.</summary>
public sealed class BakeTests
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.05)]
    [InlineData(0.5)]
    public async Task Errors_OfTheNewSlot_RollBackByThemselves(double rate)
    {
        await using var fleet = await StartAsync();
        await WarmAsync(fleet, requests: 10_000);
        fleet.Green.Trouble = Failing(rate, seed: 1);
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);

        var release = await CutoverAndFollowAsync(fleet, crowd, $"{rate * 100} % errors");

        release.Status.Should().Be(ReleaseStatus.RolledBack, release.Detail);
        release.Bake!.Outcome.Should().Be("rolledBack");
        release.Detail.Should().MatchRegex(@"^rolled back by release \S+ of bake: orders: \d+ of \d+ responses failed on green; blue 0 %; evidence \S+ to 1; .*confirmed: while both slots served, with a quarter of the traffic on green, \d+ bad responses fell on green .*; evidence \S+ to 1; with \d+ on blue it would have gone on$");
        release.Events.Select(entry => entry.Type).Should().ContainInOrder("switched", "bakeFailed", "rolledBack");
        var metric = release.Bake.Services!.Single().Metrics[0];
        metric.Status.Should().Be("failed");
        metric.Bad.Should().BeLessThanOrEqualTo(crowd.Bad);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);

        // What was rolled back is remembered, and who did it is written down.
        fleet.Green.Trouble = _ => Task.FromResult(false);
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.CutoverAsync()).Detail.Should().Contain("2.0.0 was rolled back before");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Body.Should().Contain("\"actor\":\"bake\"");
    }

    [Fact]
    public async Task Latency_Tripled_RollsBackByItself()
    {
        // A quantile that a few hiccups of the machine do not move, and times beside which its load is small.
        await using var fleet = await StartAsync(bake: """{ "Latency": { "Quantile": 0.9, "Grace": "00:00:01" } }""");
        fleet.Blue.Trouble = Waiting(300);
        await WarmAsync(fleet, requests: 1500, clients: 64);
        fleet.Green.Trouble = Waiting(900);
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 32, Pace);

        var release = await CutoverAndFollowAsync(fleet, crowd, "latency three times as long, 300 to 900 ms (`Quantile` 0.9, `Grace` 1 s)");

        release.Status.Should().Be(ReleaseStatus.RolledBack, "{0}, {1}", release.Detail, release.Bake!.Services!.Single());
        release.Detail.Should().MatchRegex(@"responses took [\d.]+ ms or longer on green");
        var service = release.Bake!.Services!.Single();
        service.OldLatency.P50Ms.Should().BeLessThan(service.NewLatency.P50Ms!.Value);
    }

    [Fact]
    public async Task OneDestinationOfFive_Broken_RollsBackByItself()
    {
        var more = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TestApi.StartAsync("2.0.0")));
        try
        {
            await using var fleet = await StartAsync(configuration =>
            {
                for (var index = 0; index < more.Length; index++)
                {
                    configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!["Destinations"]![$"g{index + 2}"] = new JsonObject { ["Address"] = more[index].Address };
                }
            });
            await WarmAsync(fleet, requests: 2000);
            more[2].Trouble = Failing(1, seed: 1);
            await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);

            var release = await CutoverAndFollowAsync(fleet, crowd, "one destination of five fails");

            release.Status.Should().Be(ReleaseStatus.RolledBack, release.Detail);
        }
        finally
        {
            foreach (var api in more)
            {
                await api.DisposeAsync();
            }
        }
    }

    // Back to a slot that is sick as well helps nobody; and when both are well again, nothing is held against the new one.
    [Fact]
    public async Task BothSlots_Broken_HoldsAndGoesOnWhenTheyAreWellAgain()
    {
        await using var fleet = await StartAsync(duration: 6);
        await WarmAsync(fleet, requests: 2000);
        fleet.Green.Trouble = Failing(0.5, seed: 1);
        fleet.Blue.Health = context => fleet.Blue.WriteReportAsync(context, "unhealthy");
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);
        var started = Stopwatch.StartNew();

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var held = await UntilAsync(fleet, id, release => release.Bake!.Hold is not null);
        var took = started.Elapsed;

        held.Bake!.Hold.Should().Be("sharedOutage");
        held.Bake.Outcome.Should().Be("held");
        held.Bake.Detail.Should().Contain("responses failed on green").And.Contain("not rolled back, for blue of orders is no better");
        var status = await fleet.Admin.StatusAsync();
        status.Active.Should().Be(SlotName.Green);
        status.Warnings.Should().ContainSingle().Which.Should().Contain(id).And.Contain("no cutover is possible until then");
        BakeTable.Add("50 % errors, and blue's deep health fails too", "held, `sharedOutage`", crowd, took);
        fleet.Green.Trouble = _ => Task.FromResult(false);
        fleet.Blue.Health = context => fleet.Blue.WriteReportAsync(context, "healthy");
        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());
        ended.Status.Should().Be(ReleaseStatus.Succeeded, ended.Detail);
        ended.Bake!.DurationSeconds.Should().BeGreaterThan(6, "the outage is added to the bake");
        ended.Events.Select(entry => entry.Type).Should().ContainInOrder("bakeHeld", "bakeResumed", "succeeded");
    }

    [Fact]
    public async Task NoTraffic_AtTheEnd_SucceedsWithLowConfidence()
    {
        await using var fleet = await StartAsync(duration: 2);

        var release = (await fleet.Admin.CutoverAsync(until: "completed")).Release;

        release.Status.Should().Be(ReleaseStatus.Succeeded);
        release.Bake!.Confidence.Should().Be("low");
        release.Detail.Should().Be("drained, and the bake is over with low confidence: there was not one response to judge by");
        BakeTable.Add("no traffic", "succeeded, low confidence", null, null);
    }

    [Fact]
    public async Task NoTraffic_AndToBeRolledBackThen_IsRolledBack()
    {
        await using var fleet = await StartAsync(duration: 1, bake: """{ "NoData": "rollback" }""");

        var answer = await fleet.Admin.CutoverAsync(until: "completed");

        answer.Code.Should().Be("release-ended");
        answer.Detail.Should().Contain("is rolledBack").And.EndWith("there was not one response to judge by until the bake's end.");
    }

    [Fact]
    public async Task NoTraffic_AndToBeExtendedThen_GoesOnUntilThereIsSome()
    {
        await using var fleet = await StartAsync(duration: 1, bake: """{ "NoData": "extend" }""");
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        await UntilAsync(fleet, id, release => release.Events.Any(entry => entry.Type == "bakeExtended"));

        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 2, Pace);

        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());
        ended.Status.Should().Be(ReleaseStatus.Succeeded);
        ended.Bake!.DurationSeconds.Should().BeGreaterThan(1);
    }

    [Fact]
    public async Task OneClient_Hammering_IsLeftToPeople()
    {
        await using var fleet = await StartAsync(duration: 4);
        await WarmAsync(fleet, requests: 2000);
        fleet.Green.Trouble = FailingOn("/orders/poisoned");
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);
        await using var hammer = new Crowd(fleet.Gateway.Url, clients: 1, TimeSpan.FromMilliseconds(2), "/orders/poisoned", firstAddress: 99);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var guarded = await UntilAsync(fleet, id, release => release.Events.Any(entry => entry.Type == "bakeGuarded"));
        var warnings = (await fleet.Admin.StatusAsync()).Warnings;
        var held = await UntilAsync(fleet, id, release => release.Bake!.Hold is not null);
        var metrics = (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body;

        guarded.Status.IsEnded().Should().BeFalse();
        warnings.Should().ContainSingle().Which.Should().MatchRegex("not acted on: (all|[0-9]+) of them went to one client of (about )?[0-9]+, which sends [0-9.]+ % of the requests");
        (held.Bake!.Hold, held.Bake.Outcome).Should().Be(("guarded", "held"));
        metrics.Should().Contain("bluegreen_bake_guarded{service=\"orders\",metric=\"5xx\"} 1").And.Contain($"bluegreen_bake_held{{service=\"orders\",release=\"{id}\",hold=\"guarded\"}} 1");
        crowd.Bad.Should().Be(0);
        hammer.Bad.Should().BeGreaterThan(20);
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/finish")).Release.Status.Should().Be(ReleaseStatus.Succeeded);
        BakeTable.Add("one client of nine hammers a path that fails", "`guarded`; held at its end", hammer, null);
    }

    // The same path fails on the old version as well: nobody has to be woken for that.
    [Fact]
    public async Task OneClient_HammeringWhatFailsOnBothSlots_IsRefutedByAComparison()
    {
        await using var fleet = await StartAsync(duration: 4, bake: "{}");
        await WarmAsync(fleet, requests: 2000);
        fleet.Green.Trouble = fleet.Blue.Trouble = FailingOn("/orders/poisoned");
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);
        await using var hammer = new Crowd(fleet.Gateway.Url, clients: 1, TimeSpan.FromMilliseconds(10), "/orders/poisoned", firstAddress: 99);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;

        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());
        ended.Status.Should().Be(ReleaseStatus.Succeeded, ended.Detail);
        ended.Events.Select(entry => entry.Type).Should().ContainInOrder("bakeGuarded", "bakeConfirming", "bakeRefuted", "succeeded").And.NotContain("bakeHeld");
        BakeTable.Add("nothing: one client of nine hammers a path that fails on both", $"succeeded; compared {ended.Bake!.Comparisons} times, {ended.Bake.ComparedSeconds:0.0} s", hammer, null);
    }

    // A shared database hesitates for some seconds, just after the switch.
    [Fact]
    public async Task BothSlots_FailForSomeSeconds_IsNoReasonToGoBack()
    {
        await using var fleet = await StartAsync(duration: 4);
        await WarmAsync(fleet, requests: 2000);
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);
        fleet.Green.Trouble = fleet.Blue.Trouble = Failing(0.2, seed: 1);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        await UntilAsync(fleet, id, release => release.Events.Any(entry => entry.Type == "bakeRefuted"));
        fleet.Green.Trouble = fleet.Blue.Trouble = _ => Task.FromResult(false);

        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());
        ended.Status.Should().Be(ReleaseStatus.Succeeded, ended.Detail);
        BakeTable.Add("nothing: both slots fail at 20 % until that is clear", $"succeeded; compared {ended.Bake!.Comparisons} times, {ended.Bake.ComparedSeconds:0.0} s", crowd, null);
    }

    // One load balancer sends nearly everything, a monitor asks for a path that still works.
    [Fact]
    public async Task OneClientThatSendsNearlyEverything_Fails_RollsBackByItself()
    {
        await using var fleet = await StartAsync();
        await using var monitor = new Crowd(fleet.Gateway.Url, clients: 1, TimeSpan.FromMilliseconds(100), "/orders/healthy", firstAddress: 99);
        await WarmAsync(fleet, requests: 2000, clients: 1);
        fleet.Green.Trouble = FailingOn("/orders/1");
        await using var balancer = new Crowd(fleet.Gateway.Url, clients: 1, TimeSpan.FromMilliseconds(2));

        var release = await CutoverAndFollowAsync(fleet, balancer, "everything that comes through the one load balancer, not what a monitor asks for");

        release.Status.Should().Be(ReleaseStatus.RolledBack, release.Detail);
    }

    [Fact]
    public async Task Failure_ToBeHeld_WaitsForSomebody()
    {
        await using var fleet = await StartAsync(duration: 1, bake: """{ "OnFailure": "hold" }""");
        await WarmAsync(fleet, requests: 1000);
        fleet.Green.Trouble = Failing(0.5, seed: 1);
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);

        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var held = await UntilAsync(fleet, id, release => release.Bake!.Hold is not null);
        held.Bake!.Hold.Should().Be("failed");
        await UntilAsync(fleet, id, release => release.Status == ReleaseStatus.Baking && DateTimeOffset.UtcNow > release.Bake!.EndsAt!.Value.AddSeconds(1.5));

        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
        var rollback = await fleet.Admin.RollbackAsync(until: "completed");
        rollback.Status.Should().Be(200, rollback.Body);
        (await fleet.Admin.ReleaseAsync(id)).Status.Should().Be(ReleaseStatus.RolledBack);
    }

    [Fact]
    public async Task Finish_WhileHeld_IsASuccessThatSaysWhatWasFound()
    {
        await using var fleet = await StartAsync(bake: """{ "OnFailure": "hold" }""");
        fleet.Green.Trouble = Failing(1, seed: 1);
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        await UntilAsync(fleet, id, release => release.Bake!.Hold is not null && release.Status == ReleaseStatus.Baking);

        var finished = await fleet.Admin.PostAsync($"/v1/releases/{id}/finish");

        finished.Release.Status.Should().Be(ReleaseStatus.Succeeded);
        finished.Release.Detail.Should().Contain("responses failed");
        finished.Release.Bake!.Services![0].Metrics[0].Status.Should().Be("failed");
    }

    // The frozen past is part of the stored state: the next process holds the new slot against it.
    [Fact]
    public async Task Gateway_KilledDuringTheBake_JudgesOnAgainstTheSamePast()
    {
        await using var fleet = await StartProcessAsync();
        await WarmAsync(fleet, requests: 3000);
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        await fleet.RestartAfterKillAsync();
        var before = (await fleet.Admin.ReleaseAsync(id)).Bake!;
        fleet.Green.Trouble = Failing(0.5, seed: 1);

        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);

        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());
        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Bake!.Services![0].Metrics[0].BaselineN.Should().BeGreaterThan(2500);
        before.Outcome.Should().Be("watching");
        crowd.Bad.Should().BeLessThan(200);
    }

    // Who got the failures is stored with the figures: two others with bad luck after the restart make no failed release of it.
    [Fact]
    public async Task Gateway_KilledWhileOneClientHammers_KnowsThatItIsOneClient()
    {
        await using var fleet = await StartProcessAsync("""{ "Confirm": "never" }""");
        await WarmAsync(fleet, requests: 2000);
        fleet.Green.Trouble = FailingOn("/orders/poisoned");
        string id;
        await using (var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace))
        await using (var hammer = new Crowd(fleet.Gateway.Url, clients: 1, TimeSpan.FromMilliseconds(5), "/orders/poisoned", firstAddress: 99))
        {
            id = (await fleet.Admin.CutoverAsync()).Release.Id;
            await UntilAsync(fleet, id, release => release.Events.Any(entry => entry.Type == "bakeGuarded") && release.Bake!.Services[0].Metrics[0].Bad > 30);
            await UntilAsync(fleet, id, release => release.Events.Any(entry => entry.Type == "bakeProgress"));
        }

        await fleet.RestartAfterKillAsync();
        foreach (var address in new[] { 97, 98 })
        {
            using var unlucky = Crowd.From(fleet.Gateway.Url, address);
            (await unlucky.GetAsync("/orders/poisoned")).StatusCode.Should().Be(System.Net.HttpStatusCode.InternalServerError);
        }

        var seen = await UntilAsync(fleet, id, release => release.Bake!.Services is [{ Metrics: [{ Clients: >= 3 }, ..] }]);
        seen.Status.IsEnded().Should().BeFalse(seen.Detail);
        seen.Bake!.Services[0].Metrics[0].Status.Should().Be("guarded");
        seen.Bake.Services[0].Metrics[0].Detail.Should().Contain("of them went to one client");
    }

    [Fact]
    public async Task Group_OneServiceFails_AllGoBackTogether()
    {
        await using var fleet = await StartAsync(configuration => Fleet.AddService(configuration, "billing"));
        fleet.Green.Trouble = FailingOn("/billing");
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, Pace);
        await using var billing = new Crowd(fleet.Gateway.Url, clients: 4, Pace, "/billing/1");

        var id = (await fleet.Admin.PostAsync("/v1/cutover", new { services = new[] { "orders", "billing" } }, wait: 30)).Release.Id;

        var ended = await UntilAsync(fleet, id, release => release.Status.IsEnded());
        ended.Status.Should().Be(ReleaseStatus.RolledBack, ended.Detail);
        ended.Detail.Should().Contain("billing: ");
        (await fleet.Admin.StatusAsync("orders")).Active.Should().Be(SlotName.Blue);
        (await fleet.Admin.StatusAsync("billing")).Active.Should().Be(SlotName.Blue);
        crowd.Bad.Should().Be(0);
    }

    // A client that leaves before it was answered, and one that leaves a stream, say nothing against the API.
    [Fact]
    public async Task Clients_ThatLeave_AreNobodysFailure()
    {
        await using var fleet = await StartAsync();
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        for (var address = 2; address < 12; address++)
        {
            using var http = Crowd.From(fleet.Gateway.Url, address);
            using var left = new CancellationTokenSource();
            var before = fleet.Green.Requests;
            var waiting = http.GetAsync($"/orders/gate/{address}", left.Token);
            while (fleet.Green.Requests == before)
            {
                await Task.Delay(5, CancellationToken.None);
            }

            await left.CancelAsync();
            await waiting.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
            using var stream = await http.GetAsync($"/orders/stream/{address}", HttpCompletionOption.ResponseHeadersRead);
        }

        var seen = await UntilAsync(fleet, id, release => release.Bake!.Services is [{ Responses: 10 }]);

        seen.Bake!.Services![0].Metrics[0].Bad.Should().Be(0);
        seen.Status.IsEnded().Should().BeFalse();
    }

    // Not one response comes, and no client leaves.
    [Fact]
    public async Task NewSlot_HangsWholly_RollsBackByItself()
    {
        await using var fleet = await StartAsync();
        await WarmAsync(fleet, requests: 2000);
        var hang = new TaskCompletionSource();
        fleet.Green.Trouble = async _ =>
        {
            await hang.Task;
            return false;
        };

        // Released before the crowd is waited for, whatever comes.
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace);
        try
        {
            var id = (await fleet.Admin.CutoverAsync()).Release.Id;
            var failed = await UntilAsync(fleet, id, release => release.Events.Any(entry => entry.Type == "bakeFailed"));
            var after = failed.Events.Single(entry => entry.Type == "bakeFailed").At - failed.SwitchedAt!.Value;
            BakeTable.Add("nothing is answered any more", $"rolled back: {failed.Events.Single(entry => entry.Type == "bakeFailed").Detail}", crowd, after);

            failed.Events.Single(entry => entry.Type == "bakeFailed").Detail.Should().MatchRegex("^orders: [0-9]+ of [0-9]+ requests got no response within [0-9.]+ ms on green; blue 0 %");
            failed.Bake!.Services![0].Responses.Should().Be(0);
            await fleet.Admin.UntilAsync(status => status.Active == SlotName.Blue);
        }
        finally
        {
            hang.SetResult();
        }
    }

    // Their clients give up after two seconds: nobody's failure, but they were kept waiting longer than any before.
    [Fact]
    public async Task NewSlot_HangsUntilItsClientsLeave_RollsBackByItself()
    {
        await using var fleet = await StartAsync(bake: """{ "HangAfter": "00:00:00.500" }""");
        await WarmAsync(fleet, requests: 2000);
        fleet.Green.Trouble = async context =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        Task[] clients = [.. Enumerable.Range(2, 6).Select(LeaveAsync)];
        async Task LeaveAsync(int address)
        {
            using var http = Crowd.From(fleet.Gateway.Url, address);
            http.Timeout = TimeSpan.FromSeconds(1);
            for (var round = 0; round < 3; round++)
            {
                try
                {
                    (await http.GetAsync("/orders/x")).Dispose();
                }
                catch (OperationCanceledException)
                {
                }
            }
        }

        var failed = await UntilAsync(fleet, id, release => release.Events.Any(entry => entry.Type == "bakeFailed"));

        failed.Events.Single(entry => entry.Type == "bakeFailed").Detail.Should().Contain("requests got no response within");
        await Task.WhenAll(clients);
    }

    // Streams, WebSockets and long bodies: only the time to their headers counts.
    [Fact]
    public async Task Streams_OfTheNewSlot_DoNotHang()
    {
        await using var fleet = await StartAsync(bake: """{ "HangAfter": "00:00:00.300" }""");
        await WarmAsync(fleet, requests: 500);
        var id = (await fleet.Admin.CutoverAsync()).Release.Id;
        var open = new List<(HttpClient Http, HttpResponseMessage Response)>();
        for (var address = 2; address < 12; address++)
        {
            var http = Crowd.From(fleet.Gateway.Url, address);
            open.Add((http, await http.GetAsync($"/orders/stream/{address}", HttpCompletionOption.ResponseHeadersRead)));
        }

        await UntilAsync(fleet, id, release => release.Bake!.Services is [var orders] && orders.Metrics.Single(metric => metric.Name == "hangs").N == 10);

        // Far beyond the limit: the first look at an event of ten seconds.
        var seen = await UntilAsync(fleet, id, release => release.Events.Any(entry => entry.Type == "bakeProgress"));
        seen.Bake!.Services![0].Metrics.Single(metric => metric.Name == "hangs").Bad.Should().Be(0);
        open.ForEach(stream =>
        {
            stream.Response.Dispose();
            stream.Http.Dispose();
        });
    }

    [Fact]
    public async Task Record_OfABadRelease_IsJudgedTheSameAgain()
    {
        await using var fleet = await StartProcessAsync(bake: """{ "Record": { "Directory": "recordings" } }""");
        await WarmAsync(fleet, requests: 1000);
        fleet.Green.Trouble = Failing(0.5, seed: 1);
        Release release;
        await using (var crowd = new Crowd(fleet.Gateway.Url, clients: 8, Pace))
        {
            var id = (await fleet.Admin.CutoverAsync()).Release.Id;
            release = await UntilAsync(fleet, id, release => release.Status.IsEnded());
        }

        await fleet.Gateway.StopAsync();

        var file = Directory.GetFiles(Path.Combine(fleet.Folder, "recordings"), "orders-*Z.csv").Should().ContainSingle().Subject;
        var recorded = ReverseProxy.Releases.Bake.Replay.BakeReplay.Read(File.ReadLines(file)).ToList();
        recorded.Count(outcome => outcome.Slot == SlotName.Blue).Should().BeGreaterThan(1000);
        var result = ReverseProxy.Releases.Bake.Replay.BakeReplay.Judge(recorded, new(), SlotName.Green);
        result.Reason.Should().Contain("responses failed on green");

        // The gateway looks at what has come by then, the replay at each bad response: that is never later, however busy the machine is.
        var failed = release.Events.Single(entry => entry.Type == "bakeFailed");
        result.FailedAt.Should().BeOnOrAfter(result.SwitchedAt).And.BeOnOrBefore(failed.At);
    }

    private static async Task<Release> CutoverAndFollowAsync(Fleet fleet, Crowd crowd, string scenario)
    {
        var answer = await fleet.Admin.CutoverAsync();
        answer.Status.Should().Be(200, answer.Body);
        var started = Stopwatch.StartNew();
        var release = await UntilAsync(fleet, answer.Release.Id, release => release.Status.IsEnded());
        BakeTable.Add(scenario, $"rolled back: {release.Events.LastOrDefault(entry => entry.Type == "bakeFailed")?.Detail}", crowd, release.CompletedAt - release.SwitchedAt, started.Elapsed);
        return release;
    }

    // The past that the new slot is held against.
    private static async Task WarmAsync(Fleet fleet, long requests, int clients = 8)
    {
        await using var crowd = new Crowd(fleet.Gateway.Url, clients, TimeSpan.Zero);
        await crowd.UntilAsync(it => it.Requests >= requests);
    }

    private static async Task<Release> UntilAsync(Fleet fleet, string id, Func<Release, bool> condition)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (true)
        {
            var release = await fleet.Admin.ReleaseAsync(id);
            if (condition(release))
            {
                return release;
            }

            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"Not so: {System.Text.Json.JsonSerializer.Serialize(release)}");
            }

            await Task.Delay(10, CancellationToken.None);
        }
    }

    private static Task<Fleet> StartAsync(Action<JsonNode>? configure = null, int duration = 60, string bake = "{}") => Fleet.HostAsync(Configure(configure, duration, bake));

    private static Task<Fleet> StartProcessAsync(string bake = "{}") => Fleet.StartAsync(Configure(configure: null, duration: 60, bake));

    private static Action<JsonNode> Configure(Action<JsonNode>? configure, int duration, string bake) => configuration =>
    {
        var settings = JsonNode.Parse(bake)!;
        settings["Duration"] = TimeSpan.FromSeconds(duration).ToString("c");

        // How fast a busy machine answers is no part of the other tests.
        settings["Latency"] ??= JsonNode.Parse("""{ "Enabled": false }""");
        Fleet.Service(configuration)["Bake"] = settings;
        configure?.Invoke(configuration);
    };

    private static Func<HttpContext, Task<bool>> Failing(double rate, int seed)
    {
        var random = new Random(seed);
        var gate = new Lock();
        return context =>
        {
            bool fails;
            lock (gate)
            {
                fails = random.NextDouble() < rate;
            }

            if (fails)
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }

            return Task.FromResult(fails);
        };
    }

    private static Func<HttpContext, Task<bool>> FailingOn(string path) => context =>
    {
        var fails = context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal);
        if (fails)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }

        return Task.FromResult(fails);
    };

    private static Func<HttpContext, Task<bool>> Waiting(int milliseconds) => async _ =>
    {
        await Task.Delay(milliseconds, CancellationToken.None);
        return false;
    };
}

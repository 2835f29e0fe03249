using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Services and options that change in the file while the gateway runs.</summary>
public sealed class ServiceReloadTests
{
    private const string NotApplied = "is not applied, and everything stays as it was";

    // Its active slot is not the one that the route names: a route that is there before its service leads to the wrong one.
    [Fact]
    public async Task Service_AddedWithItsRoutes_ServesFromItsActiveSlotFromTheFirstRequestAndIsReleased()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        AdminSection.Rewrite(fleet, configuration => AddUsers(configuration, "green"));

        (await FirstAnswerAsync(client, "/users/x")).Should().Be("2.0.0");
        await UntilKnownAsync(fleet, "users");
        var status = await fleet.Admin.UntilAsync(users => users.Slots.Blue.Health == HealthState.Healthy && users.Slots.Green.Health == HealthState.Healthy, "users");
        status.Active.Should().Be(SlotName.Green);
        await fleet.Gateway.UntilOutputAsync("services added: users; ReverseProxy: Clusters:users-blue, Clusters:users-green, Routes:users.");
        var deployed = await fleet.Admin.SendAsync(
            HttpMethod.Put, "/v1/services/users/slots/blue", new { version = "1.0.0", destinations = new { b2 = new { address = fleet.Blue.Address } } });
        deployed.Status.Should().Be(200, deployed.Body);
        var switched = await fleet.Admin.PostAsync("/v1/services/users/cutover?until=completed", wait: 30);
        switched.Status.Should().Be(200, switched.Body);
        (await client.GetStringAsync("/users/x")).Should().Be("1.0.0");

        var with = await File.ReadAllTextAsync(fleet.ConfigFile);
        AdminSection.Rewrite(fleet, RemoveUsers);
        await fleet.Gateway.UntilOutputAsync("services removed: users");
        AdminSection.Replace(fleet, with);
        await AdminSection.UntilAsync(() => Task.FromResult(Count(fleet, "services added: users") == 2), () => fleet.Gateway.Output);
        status = await fleet.Admin.StatusAsync("users");
        (status.Active, status.Slots.Blue.Destinations.Single().Id).Should().Be((SlotName.Blue, "b2"), "what was deployed is stored");
        (await AuditAsync(fleet)).Should().Contain(line => line.StartsWith("gateway done users", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Service_RemovedWhileItsRoutesStay_IsRoutedPlainlyAndComesBackAsItWas()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await fleet.Admin.PostAsync("/v1/services/users/cutover?until=completed", wait: 30)).Status.Should().Be(200);
        (await client.GetStringAsync("/users/x")).Should().Be("2.0.0");
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);

        AdminSection.Rewrite(fleet, RemoveUsers);
        await fleet.Gateway.UntilOutputAsync("services removed: users");

        (await client.GetStringAsync("/users/x")).Should().Be("1.0.0", "the route names blue");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/users")).Code.Should().Be("unknown-service");
        (await LoopsAsync(fleet)).Should().NotContain(loop => loop.Contains("users", StringComparison.Ordinal));

        AdminSection.Replace(fleet, before);
        await fleet.Gateway.UntilOutputAsync("services added: users");
        (await client.GetStringAsync("/users/x")).Should().Be("2.0.0", "what was stored of it stands");
        (await fleet.Admin.StatusAsync("users")).Generation.Should().Be(2);
    }

    [Fact]
    public async Task Service_RemovedInMaintenance_ComesBackClosedWithThePageThatIsConfiguredNow()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await fleet.Admin.PostAsync("/v1/services/users/maintenance", new { message = "Back at noon" })).Status.Should().Be(200);
        (await StatusAsync(client, "/users/x")).Should().Be(HttpStatusCode.ServiceUnavailable);
        var before = JsonNode.Parse(await File.ReadAllTextAsync(fleet.ConfigFile))!.AsObject();

        AdminSection.Rewrite(fleet, RemoveUsers);
        await fleet.Gateway.UntilOutputAsync("services removed: users");
        (await StatusAsync(client, "/users/x")).Should().Be(HttpStatusCode.OK, "the route is a plain one");

        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("closed.json"), """{"own":"{{detail}}"}""");
        before["BlueGreen"]!["Services"]!["users"]!["ErrorPages"] = new JsonObject { ["maintenance"] = folder.File("closed.json") };
        AdminSection.Replace(fleet, before.ToJsonString());
        await fleet.Gateway.UntilOutputAsync("services added: users");

        using var answer = await client.GetAsync("/users/x");
        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        await AdminSection.UntilAsync(async () => (await BodyAsync(client, "/users/x")).Contains("\"own\":\"Back at noon", StringComparison.Ordinal), () => fleet.Gateway.Output);
    }

    [Fact]
    public async Task Service_RemovedWithRequestsInFlight_ServesThemToTheirEnd()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);
        var slow = Enumerable.Range(0, 5).Select(_ => client.GetAsync("/users/gate/slow")).ToList();
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 5, "users");

        AdminSection.Rewrite(fleet, configuration =>
        {
            RemoveUsers(configuration);
            ((JsonObject)configuration["ReverseProxy"]!["Routes"]!).Remove("users");
            ((JsonObject)configuration["ReverseProxy"]!["Clusters"]!).Remove("users-blue");
            ((JsonObject)configuration["ReverseProxy"]!["Clusters"]!).Remove("users-green");
        });
        await fleet.Gateway.UntilOutputAsync("services removed: users");
        (await StatusAsync(client, "/users/x")).Should().Be(HttpStatusCode.NotFound);

        AdminSection.Replace(fleet, before);
        await fleet.Gateway.UntilOutputAsync("services added: users");
        (await fleet.Admin.StatusAsync("users")).Slots.Blue.InFlight.Total.Should().Be(5, "a drain of it has to wait for them");
        fleet.Blue.Open("slow");
        foreach (var request in slow)
        {
            using var response = await request;
            response.StatusCode.Should().Be(HttpStatusCode.OK);
            response.Headers.GetValues("X-Environment").Should().Equal("blue");
        }

        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0, "users");
        fleet.Gateway.Output.Should().NotContain("Exception");
    }

    [Fact]
    public async Task Service_RemovedDuringItsRelease_StaysUntilTheReleaseHasEnded()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            Fleet.AddService(configuration, "users");
            configuration["BlueGreen"]!["Services"]!["users"]!["Bake"]!["Duration"] = "01:00:00";
        });
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var release = (await fleet.Admin.PostAsync("/v1/services/users/cutover?until=drained", wait: 30)).Release;

        AdminSection.Rewrite(fleet, configuration =>
        {
            RemoveUsers(configuration);
            AddRoute(configuration);
        });
        await fleet.Gateway.UntilOutputAsync($"BlueGreen:Services:users can't be removed while release {release.Id} runs for it (baking): wait for it, finish it, or roll it back.");

        fleet.Gateway.Output.Should().Contain(NotApplied);
        (await fleet.Admin.StatusAsync("users")).Release!.Id.Should().Be(release.Id);
        (await fleet.Admin.StatusAsync()).Warnings.Should().ContainSingle().Which.Should().Contain(release.Id).And.Contain("not applied");
        (await StatusAsync(client, "/more/x")).Should().Be(HttpStatusCode.NotFound, "all or nothing");

        (await fleet.Admin.PostAsync($"/v1/releases/{release.Id}/finish")).Status.Should().Be(200);
        await fleet.Gateway.UntilOutputAsync("services removed: users");

        (await StatusAsync(client, "/more/x")).Should().Be(HttpStatusCode.OK);
        (await fleet.Admin.StatusAsync()).Warnings.Should().BeEmpty();
        (await fleet.Admin.ReleaseAsync(release.Id)).Status.Should().Be(ReleaseStatus.Succeeded);
    }

    [Fact]
    public async Task FailOn_ChangedDuringABake_FollowsWhenTheReleaseHasEnded()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Bake"]!["Duration"] = "01:00:00");
        var release = (await fleet.Admin.CutoverAsync(until: "drained")).Release;

        AdminSection.Rewrite(fleet, configuration =>
        {
            Fleet.Service(configuration)["Bake"]!["FailOn"] = JsonNode.Parse("""[ "5xx", "4xx" ]""");
            Fleet.Service(configuration)["Drain"]!["Timeout"] = "00:00:20";
        });
        await fleet.Gateway.UntilOutputAsync("services changed: orders (Drain:Timeout).");
        await fleet.Gateway.UntilOutputAsync("BlueGreen:Services:orders:Bake:FailOn stays as it was while a release of orders runs");
        (await fleet.Admin.StatusAsync()).Warnings.Should().ContainSingle();

        (await fleet.Admin.PostAsync($"/v1/releases/{release.Id}/finish")).Status.Should().Be(200);
        await fleet.Gateway.UntilOutputAsync("services changed: orders (Bake:FailOn).");
        await fleet.Admin.UntilAsync(status => status.Warnings.Count == 0);
    }

    [Fact]
    public async Task Service_GivenOtherClusters_GoesOnInItsActiveSlot()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var third = await TestApi.StartAsync("3.0.0");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);

        AdminSection.Rewrite(fleet, configuration =>
        {
            var clusters = configuration["ReverseProxy"]!["Clusters"]!;
            clusters["new-green"] = JsonNode.Parse($$"""{ "Destinations": { "n1": { "Address": "{{third.Address}}" } } }""");
            ((JsonObject)clusters).Remove("orders-green");
            Fleet.Service(configuration)["Green"] = "new-green";
        });
        await fleet.Gateway.UntilOutputAsync("services changed: orders (Green)");

        (await client.GetStringAsync("/orders/x")).Should().Be("3.0.0");
        var status = await fleet.Admin.UntilAsync(orders => orders.Slots.Green.Health == HealthState.Healthy);
        status.Active.Should().Be(SlotName.Green);
        status.Slots.Green.Destinations.Single().Id.Should().Be("n1");
    }

    [Fact]
    public async Task File_WithAnError_ChangesNothingAndIsTakenOverOnceItIsMended()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);

        AdminSection.Rewrite(fleet, configuration =>
        {
            AddRoute(configuration);
            AddUsers(configuration, "blue");
            configuration["BlueGreen"]!["Services"]!["users"]!["Green"] = "users-gren";
            configuration["BlueGreen"]!["ResponseHeaders"] = JsonNode.Parse("""{ "Environment": false }""");
            Fleet.Service(configuration)["Health"]!["Interval"] = "10";
        });
        await fleet.Gateway.UntilOutputAsync("""BlueGreen:Services:orders:Health:Interval: "10" is not allowed: a duration ("hh:mm:ss", "d.hh:mm:ss")""");
        await fleet.Gateway.UntilOutputAsync("""BlueGreen:Services:users:Green: "users-gren" is not a cluster in ReverseProxy:Clusters: orders-blue, orders-green, users-blue, users-green""");

        (await StatusAsync(client, "/users/x")).Should().Be(HttpStatusCode.NotFound);
        (await StatusAsync(client, "/more/x")).Should().Be(HttpStatusCode.NotFound);
        using (var response = await client.GetAsync("/orders/x"))
        {
            response.Headers.GetValues("X-Environment").Should().Equal("blue");
        }

        (await fleet.Admin.StatusAsync()).Warnings.Should().HaveCount(2).And.OnlyContain(warning => warning.Contains("not applied", StringComparison.Ordinal));

        AdminSection.Rewrite(fleet, before, configuration => AddUsers(configuration, "blue"));
        (await FirstAnswerAsync(client, "/users/x")).Should().Be("1.0.0");
        await fleet.Gateway.UntilOutputAsync("Nothing in the configuration is refused any more.");
        (await fleet.Admin.StatusAsync()).Warnings.Should().BeEmpty();
    }

    [Fact]
    public async Task Service_AddedWhileTheStateCantBeStored_ComesAsSoonAsItCan()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        Directory.Move(fleet.StateFolder, fleet.StateFolder + ".away");

        AdminSection.Rewrite(fleet, configuration => AddUsers(configuration, "green"));
        await fleet.Gateway.UntilOutputAsync("New services can't be stored; it is tried again every 5 s");
        (await StatusAsync(client, "/users/x")).Should().Be(HttpStatusCode.NotFound);
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");

        Directory.Move(fleet.StateFolder + ".away", fleet.StateFolder);
        (await FirstAnswerAsync(client, "/users/x")).Should().Be("2.0.0");
    }

    [Fact]
    public async Task Options_ThatNeedARestart_AreNamedAndTheRestIsApplied()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        AdminSection.Rewrite(fleet, configuration =>
        {
            configuration["BlueGreen"]!["Destinations"] = JsonNode.Parse("""{ "RefreshPeriod": "00:01:00" }""");
            configuration["BlueGreen"]!["ResponseHeaders"] = JsonNode.Parse("""{ "Environment": false }""");
        });
        await fleet.Gateway.UntilOutputAsync("options changed: ResponseHeaders:Environment");
        await fleet.Gateway.UntilOutputAsync("BlueGreen:Destinations:RefreshPeriod needs a restart; it stays at its default.");

        using var response = await client.GetAsync("/orders/x");
        response.Headers.Contains("X-Environment").Should().BeFalse();
        (await fleet.Admin.StatusAsync()).Warnings.Should().ContainSingle().Which.Should().Contain("needs a restart");

        AdminSection.Rewrite(fleet, configuration => Fleet.Service(configuration)["Drain"]!["Timeout"] = "ten");
        await fleet.Gateway.UntilOutputAsync(NotApplied);
        (await fleet.Admin.StatusAsync()).Warnings.Should().HaveCount(2);
        Count(fleet, "needs a restart").Should().Be(1, "it is no news");
    }

    [Fact]
    public async Task HealthOptions_Changed_AreFollowedByTheSameProbes()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Health"]!["Interval"] = "01:00:00");
        var loops = await LoopsAsync(fleet);
        var probes = fleet.Blue.Probes;

        AdminSection.Rewrite(fleet, configuration => Fleet.Service(configuration)["Health"]!["Interval"] = "00:00:00.02");
        await AdminSection.UntilAsync(() => Task.FromResult(fleet.Blue.Probes > probes + 20), () => fleet.Gateway.Output);

        (await LoopsAsync(fleet)).Should().Equal(loops, "no loop has begun beside another one");
        (await fleet.Admin.StatusAsync()).Slots.Blue.Health.Should().Be(HealthState.Healthy);
        fleet.Gateway.Output.Should().Contain("services changed: orders (Health:Interval).");

        AdminSection.Rewrite(fleet, configuration => Fleet.Service(configuration)["Health"]!["RequiredChecks"] = JsonNode.Parse("""[ "queue" ]"""));
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.Health == HealthState.Unhealthy);
    }

    [Fact]
    public async Task Hook_AddedAndRemoved_IsCalledAsLongAsItIsThere()
    {
        await using var receiver = await HookReceiver.StartAsync();
        await using var fleet = await Fleet.HostAsync();
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);

        AdminSection.Rewrite(fleet, configuration => configuration["BlueGreen"]!["Hooks"] = new JsonObject { ["ci"] = receiver.Hook("postSwitch") });
        await fleet.Gateway.UntilOutputAsync("hooks added: ci");
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        await receiver.UntilAsync(seen => seen.Count == 1);
        fleet.Gateway.Output.Should().NotContain(HookReceiver.Secret);

        // Its call waits when it is removed, and is made when it is back.
        receiver.Answer = (context, _, _) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        await receiver.UntilAsync(seen => seen.Count >= 2);
        AdminSection.Replace(fleet, before);
        await fleet.Gateway.UntilOutputAsync("hooks removed: ci");
        await AdminSection.UntilAsync(async () => !(await LoopsAsync(fleet)).Contains("hooks/ci"), () => fleet.Gateway.Output);
        receiver.Answer = (_, _, _) => Task.CompletedTask;
        var seen = receiver.Calls.Count;
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        receiver.Calls.Should().HaveCount(seen);

        AdminSection.Rewrite(fleet, configuration => configuration["BlueGreen"]!["Hooks"] = new JsonObject { ["ci"] = receiver.Hook("postSwitch") });
        var calls = await receiver.UntilAsync(all => all.Count > seen);
        calls[^1].Delivery.Should().Be(calls[seen - 1].Delivery);
    }

    [Fact]
    public async Task File_ChangedTwiceQuickly_EndsAsTheLastOne()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);

        AdminSection.Rewrite(fleet, configuration => AddUsers(configuration, "green"));
        (await FirstAnswerAsync(client, "/users/x")).Should().Be("2.0.0");
        AdminSection.Rewrite(fleet, before, AddRoute);
        AdminSection.Rewrite(fleet, before, configuration => AddUsers(configuration, "blue"));

        await AdminSection.UntilAsync(async () => (await StatusAsync(client, "/more/x")) == HttpStatusCode.NotFound && await client.GetStringAsync("/users/x") == "2.0.0", () => fleet.Gateway.Output);
        await UntilKnownAsync(fleet, "users");
        (await fleet.Admin.StatusAsync("users")).Active.Should().Be(SlotName.Green, "what is stored outranks InitialActive");
    }

    // Every other reload takes the service away that half of the requests are for, and its plain route leads to blue; the other half are
    // for a service that is switched all the while.
    [Fact]
    public async Task Reload_FiftyTimesUnderLoadBesideSwitches_FailsNoRequest()
    {
        const int Reloads = 50;

        // So that requests and switches are on their way at each reload, and the reloads have the rest of the CPU.
        var pause = TimeSpan.FromMilliseconds(5);
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        var with = await File.ReadAllTextAsync(fleet.ConfigFile);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        using var stop = new CancellationTokenSource();
        var (requests, failures) = (0L, new System.Collections.Concurrent.ConcurrentQueue<string>());
        var load = Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var response = await client.GetAsync(number % 2 == 0 ? "/users/x" : "/orders/x");
                Interlocked.Increment(ref requests);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    failures.Enqueue($"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
                }

                await Task.Delay(pause, CancellationToken.None);
            }
        })).ToList();
        var switches = Task.Run(async () =>
        {
            var count = 0;
            for (; !stop.IsCancellationRequested; count++)
            {
                var answer = await fleet.Admin.CutoverAsync(new { force = true }, until: "completed");
                answer.Status.Should().Be(200, answer.Body);
                await Task.Delay(pause, CancellationToken.None);
            }

            return count;
        });

        for (var reload = 1; reload <= Reloads; reload++)
        {
            var (isRemoval, expected) = (reload % 2 == 1, (reload + 1) / 2);
            AdminSection.Rewrite(fleet, with, isRemoval ? RemoveUsers : _ => { });
            ((HostedGateway)fleet.Gateway).Reload();
            var text = isRemoval ? "services removed: users" : "services added: users";
            await AdminSection.UntilAsync(() => Task.FromResult(Count(fleet, $"The changed configuration was applied: {text}") == (isRemoval ? expected : reload / 2)), () => fleet.Gateway.Output);
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        (await switches).Should().BeGreaterThan(Reloads);
        failures.Should().BeEmpty();
        requests.Should().BeGreaterThan(Reloads * 10);
        fleet.Gateway.Output.Should().NotContain("[ERR]").And.NotContain("Exception");
        foreach (var service in new[] { "orders", "users" })
        {
            await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0 && status.Slots.Green.InFlight.Total == 0, service);
        }
    }

    [Fact]
    public async Task Reload_AtTheMomentOfAStop_EndsInGoodOrder()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        AdminSection.Rewrite(fleet, configuration => AddUsers(configuration, "blue"));
        await fleet.Gateway.UntilOutputAsync("was read again");
        (await fleet.Gateway.StopAsync()).Should().Be(0);

        fleet.Gateway.Output.Should().NotContain("[ERR]").And.NotContain("Exception");
    }

    private static void AddUsers(JsonNode configuration, string initial)
    {
        Fleet.AddService(configuration, "users");
        configuration["BlueGreen"]!["Services"]!["users"]!["InitialActive"] = initial;
    }

    private static void RemoveUsers(JsonNode configuration) => ((JsonObject)configuration["BlueGreen"]!["Services"]!).Remove("users");

    private static void AddRoute(JsonNode configuration) =>
        configuration["ReverseProxy"]!["Routes"]!["more"] = JsonNode.Parse("""{ "ClusterId": "orders-blue", "Match": { "Path": "/more/{**rest}" }, "Transforms": [ { "PathSet": "/orders/x" } ] }""");

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return response.StatusCode;
    }

    // The routes come before the admin API names the service.
    private static Task UntilKnownAsync(Fleet fleet, string service) => AdminSection.UntilAsync(
        async () => (await fleet.Admin.SendAsync(HttpMethod.Get, $"/v1/services/{service}")).Status != 404, () => fleet.Gateway.Output);

    // Asked as fast as possible: the first answer that is not 404 is the one of the moment at which the route came.
    private static async Task<string> FirstAnswerAsync(HttpClient client, string path)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (true)
        {
            using var response = await client.GetAsync(path, limit.Token);
            if (response.StatusCode != HttpStatusCode.NotFound)
            {
                response.StatusCode.Should().Be(HttpStatusCode.OK);
                return await response.Content.ReadAsStringAsync(limit.Token);
            }
        }
    }

    private static async Task<IReadOnlyList<string>> LoopsAsync(Fleet fleet)
    {
        var answer = await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz");
        return [.. answer.Json.GetProperty("loops").EnumerateArray().Select(loop => loop.GetProperty("name").GetString()!)];
    }

    private static async Task<IReadOnlyList<string>> AuditAsync(Fleet fleet)
    {
        var answer = await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit");
        return
        [
            .. answer.Json.EnumerateArray()
                .Where(entry => entry.GetProperty("action").GetString() == "configuration")
                .Select(entry => $"{entry.GetProperty("actor").GetString()} {entry.GetProperty("result").GetString()} {string.Join(",", entry.GetProperty("services").EnumerateArray())} {entry.GetProperty("detail").GetString()}"),
        ];
    }

    private static int Count(Fleet fleet, string text) => fleet.Gateway.CountLines(text);

    private static async Task<string> BodyAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return await response.Content.ReadAsStringAsync();
    }
}

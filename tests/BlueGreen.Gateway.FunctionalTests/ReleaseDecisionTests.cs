using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What an answer promises stays so: under a key, beside a release that runs, after an abort, over a restart.</summary>
public sealed class ReleaseDecisionTests
{
    private const int Bad = 300;

    [Fact]
    public async Task IdempotencyKey_OfACallThatFoundNothingToDo_MovesNoTrafficWhenItComesAgain()
    {
        await using var fleet = await Fleet.StartAsync();
        (string, string) first = ("Idempotency-Key", "pipeline-7");
        (await fleet.Admin.CutoverAsync(new { to = "blue" }, headers: first)).Status.Should().Be(200);
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);

        (await fleet.Admin.CutoverAsync(new { to = "blue" }, headers: first)).Status.Should().Be(200);
        await fleet.RestartAfterKillAsync();
        (await fleet.Admin.CutoverAsync(new { to = "blue" }, headers: first)).Status.Should().Be(200, "the key is stored with the answer");

        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Green, Generation = 2, Release = (Release?)null });
        (await fleet.Admin.CutoverAsync(new { to = "green" }, headers: first)).Code.Should().Be("idempotency-mismatch");
        new StoredFolder(fleet.StateFolder).Releases().Should().ContainSingle();
    }

    [Fact]
    public async Task IdempotencyKey_OfADeployment_IsHonouredLikeAnyOther()
    {
        await using var fleet = await Fleet.HostAsync();
        (string, string) key = ("Idempotency-Key", "deploy-1");
        var one = new { version = "2.0.0", destinations = new { g1 = new { address = fleet.Green.Address } } };
        var other = new { version = "2.1.0", destinations = new { g1 = new { address = fleet.Green.Address } } };
        (await DeployAsync(one, key)).Status.Should().Be(200);
        (await DeployAsync(other)).Status.Should().Be(200);

        var replaced = await DeployAsync(one, key);
        replaced.Code.Should().Be("deployment-replaced", "200 would say that the slot holds it");
        replaced.Status.Should().Be(409);
        replaced.Detail.Should().Contain("green holds 2.1.0");
        replaced.Json.GetProperty("generation").GetInt64().Should().Be(3);
        (await DeployAsync(one)).Status.Should().Be(200, "it is wanted again");
        (await DeployAsync(one, key)).Status.Should().Be(200, "the slot holds what the call has deployed");
        (await DeployAsync(other, key)).Code.Should().Be("idempotency-mismatch");

        var status = await fleet.Admin.StatusAsync();
        status.Generation.Should().Be(4, "three deployments were made");

        Task<AdminAnswer> DeployAsync(object body, params (string, string)[] headers) =>
            fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green", body, wait: null, headers);
    }

    [Fact]
    public async Task CutoverToTheActiveSlot_WhileAReleaseIsAboutToLeaveIt_IsAConflict()
    {
        await using var fleet = await Fleet.HostAsync();
        var pending = IdOf(await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: null));
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);

        var answer = await fleet.Admin.CutoverAsync(new { to = "blue" });

        answer.Status.Should().Be(409, "blue is active, and an approval would make that a lie");
        answer.Code.Should().Be("release-in-progress");
        answer.Detail.Should().Contain(pending);
        (await fleet.Admin.PostAsync($"/v1/releases/{pending}/abort")).Status.Should().Be(200);
        (await fleet.Admin.CutoverAsync(new { to = "blue" })).Status.Should().Be(200);
    }

    // Whoever aborts it has looked, and says that the new slot stays.
    [Fact]
    public async Task AutomaticRollback_Aborted_IsNotOrderedAgainUntilSomebodyDecides()
    {
        await using var fleet = await Fleet.StartAsync(configuration => Fleet.Service(configuration)["Bake"] = JsonNode.Parse("""{ "Duration": "00:10:00" }"""));
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var request = 0; request < Bad; request++)
        {
            await client.GetStringAsync("/orders/x");
        }

        // The old slot is well when the bake looks, and does not answer once the rollback has been ordered: so there is time to abort it.
        fleet.Blue.Health = async context =>
        {
            if ((await fleet.Admin.StatusAsync()).Release is { Kind: ReleaseKind.Rollback, Status: ReleaseStatus.Verifying })
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            await fleet.Blue.WriteReportAsync(context, "healthy");
        };
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.FromResult(true);
        };
        var cutover = IdOf(await fleet.Admin.CutoverAsync());
        await using (var crowd = new Crowd(fleet.Gateway.Url, clients: 8, TimeSpan.FromMilliseconds(10)))
        {
            var rollback = (await fleet.Admin.UntilAsync(status => status.Release is { Kind: ReleaseKind.Rollback, Status: ReleaseStatus.Verifying })).Release!;

            (await fleet.Admin.PostAsync($"/v1/releases/{rollback.Id}/abort")).Status.Should().Be(200);

            var soFar = crowd.Bad;
            await AdminSection.UntilAsync(() => Task.FromResult(crowd.Bad > soFar + Bad), () => "no more bad responses");
            var held = await fleet.Admin.ReleaseAsync(cutover);
            held.Bake!.Hold.Should().Be("aborted");
            held.Bake.Detail.Should().Contain("anonymous aborted the rollback");
            (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
            new StoredFolder(fleet.StateFolder).Releases().Should().HaveCount(2, "each further bad response would have been enough for another rollback");
        }

        // The hold is stored; and a person can still roll back.
        await fleet.RestartAfterKillAsync();
        (await fleet.Admin.ReleaseAsync(cutover)).Bake!.Hold.Should().Be("aborted");
        (await fleet.Admin.RollbackAsync(new { force = true }, until: "completed")).Status.Should().Be(200);
        (await fleet.Admin.ReleaseAsync(cutover)).Status.Should().Be(ReleaseStatus.RolledBack);
    }

    [Fact]
    public async Task Approve_ByTheTokenThatOrdered_IsRefusedUnlessItIsAnAdmins()
    {
        await using var fleet = await Fleet.HostAsync(
            AdminSection.WithTokens(
                AdminSection.Token("ci", "ci-token", "operator"), AdminSection.Token("lead", "lead-token", "operator"), AdminSection.Token("root", "root-token", "admin")),
            untilHealthy: false);
        fleet.Admin.Http.DefaultRequestHeaders.Authorization = new("Bearer", "lead-token");
        await fleet.Admin.UntilHealthyAsync();

        var id = await OrderAsync("ci-token");
        var own = await fleet.Admin.PostAsync($"/v1/releases/{id}/approve", headers: Token("ci-token"));
        own.Status.Should().Be(403, own.Body);
        own.Code.Should().Be("forbidden");
        own.Detail.Should().Contain("ci has ordered release");
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Release = new { Status = ReleaseStatus.AwaitingApproval } });
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/approve", headers: Token("lead-token"))).Status.Should().Be(200);
        await fleet.Admin.UntilNoReleaseAsync();

        id = await OrderAsync("root-token");
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/approve", headers: Token("root-token"))).Status.Should().Be(200, "the role admin stands for what otherwise takes two");
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 3 });
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray()
            .Should().Contain(entry => entry.GetProperty("action").GetString() == "approve" && entry.GetProperty("result").GetString() == "forbidden" && entry.GetProperty("actor").GetString() == "ci");

        async Task<string> OrderAsync(string token)
        {
            var order = IdOf(await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: null, headers: Token(token)));
            await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);
            return order;
        }

        static (string, string) Token(string token) => ("Authorization", "Bearer " + token);
    }

    // Numbers begin anew with a new state: a client that goes on from an old one must not wait in silence for its number to come up.
    [Fact]
    public async Task Events_IdOfAnotherStateOrBeyondTheNewest_BeginWithAReset()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        var history = new StoredFolder(fleet.StateFolder).State().GetProperty("history").GetString();
        var newest = new StoredFolder(fleet.StateFolder).State().GetProperty("lastEvent").GetInt64();

        foreach (var unknown in new[] { $"{history}-{newest + 1}", $"00000000-{newest}", $"{newest + 1000}" })
        {
            (await FirstEventAsync(unknown)).Should().Be(($"{history}-{newest}", "reset"), "{0} is none of this state's", unknown);
        }

        (await FirstEventAsync($"{history}-{newest - 1}")).Should().Be(($"{history}-{newest}", "succeeded"));

        async Task<(string Id, string Type)> FirstEventAsync(string lastEventId)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
            request.Headers.Add("Last-Event-ID", lastEventId);
            using var response = await fleet.Admin.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            using var stream = new StreamReader(await response.Content.ReadAsStreamAsync());
            var id = await stream.ReadLineAsync();
            var type = await stream.ReadLineAsync();
            return (id!["id: ".Length..], type!["event: ".Length..]);
        }
    }

    // A deployment that the proxy refuses has not happened: what could be rolled back before can be rolled back after.
    [Fact]
    public async Task Deployment_RefusedByTheProxy_LeavesTheWayBackOpen()
    {
        await using var fleet = await Fleet.HostAsync();
        await fleet.Gateway.StopAsync();

        // A broken file is refused before YARP has it, so what refuses is a filter of the host's own.
        await using var gateway = await HostedGateway.StartAsync(
            fleet.ConfigFile, fleet.Folder, services => services.AddSingleton<IProxyConfigFilter>(new RefusingFilter("http://127.0.0.1:9")), []);
        await gateway.Admin.UntilHealthyAsync();
        (await gateway.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);

        foreach (var attempt in new[] { "the first", "the same again" })
        {
            var refused = await gateway.Admin.SendAsync(
                HttpMethod.Put,
                "/v1/services/orders/slots/blue",
                new { version = "9.0.0", destinations = new { b9 = new { address = "http://127.0.0.1:9" } } },
                wait: null,
                ("Idempotency-Key", "deploy-9"));
            refused.Code.Should().Be("configuration-refused", attempt);
        }

        var status = await gateway.Admin.StatusAsync();
        status.RollbackTo.Should().Be(SlotName.Blue);
        status.StandbyUse.DecommissionAt.Should().NotBeNull("the slot is as idle as before");
        var rollback = await gateway.Admin.RollbackAsync(until: "completed");
        rollback.Status.Should().Be(200, rollback.Body);
        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
    }

    private static string IdOf(AdminAnswer answer) => answer.Json.GetProperty("id").GetString()!;

    private sealed class RefusingFilter(string address) : IProxyConfigFilter
    {
        public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel) =>
            cluster.Destinations?.Values.Any(destination => destination.Address.StartsWith(address + "/", StringComparison.Ordinal) || destination.Address == address) == true
                ? throw new InvalidOperationException("not this one")
                : new(cluster);

        public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel) => new(route);
    }
}

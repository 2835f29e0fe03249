using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Cutover, rollback and releases, as the contract says.</summary>
public sealed class ReleaseApiTests
{
    [Fact]
    public async Task Cutover_WithoutWaiting_AnswersAtOnceWithLocationAndTheRelease()
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.CutoverAsync(new { reason = "2.0.0 is ready" }, wait: null);

        answer.Status.Should().Be(202);
        answer.Headers["Location"].Should().Be($"/v1/releases/{answer.Release.Id}");
        answer.Release.Status.Should().Be(ReleaseStatus.Verifying);
        answer.Release.Reason.Should().Be("2.0.0 is ready");
        answer.Release.Services.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Name = "orders", From = SlotName.Blue, To = SlotName.Green });
        await fleet.Admin.UntilAsync(status => status.Active == SlotName.Green);
        await fleet.Admin.UntilNoReleaseAsync();
        var release = await fleet.Admin.ReleaseAsync(answer.Release.Id);
        release.Status.Should().Be(ReleaseStatus.Succeeded);
        release.Services.Single().Generation.Should().Be(2);
        release.Events.Select(entry => entry.Type).Distinct().Should().Equal("created", "gatePassed", "switched", "drained", "succeeded");
        release.Events.Select(entry => entry.At).Should().BeInAscendingOrder();
    }

    [Theory]
    [InlineData("switched", ReleaseStatus.Draining)]
    [InlineData("drained", ReleaseStatus.Baking)]
    [InlineData("completed", ReleaseStatus.Succeeded)]
    public async Task Cutover_WaitUntil_AnswersWhenTheReleaseIsThere(string until, ReleaseStatus atLeast)
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.CutoverAsync(new { bakeSeconds = 0.5 }, until: until);

        answer.Status.Should().Be(200, answer.Body);
        answer.Headers["Preference-Applied"].Should().Be("wait=30");
        answer.Release.Status.Should().BeOneOf(Enum.GetValues<ReleaseStatus>().Where(status => status >= atLeast && status <= ReleaseStatus.Succeeded));
        answer.Release.SwitchedAt.Should().NotBeNull();
    }

    [Fact]
    public async Task Cutover_WaitIsOver_Answers202WithTheReleaseAsItIs()
    {
        await using var fleet = await Fleet.HostAsync();
        var key = ("Idempotency-Key", "k");
        await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, until: "drained", headers: key);

        var answer = await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, wait: 1, until: "completed", headers: key);

        answer.Status.Should().Be(202);
        answer.Release.Status.Should().Be(ReleaseStatus.Baking);
    }

    [Fact]
    public async Task Cutover_TargetIsActiveAlready_ChangesNothingHoweverOften()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.Admin.CutoverAsync(new { to = "green", bakeSeconds = 600 })).Status.Should().Be(200);

        for (var repeat = 0; repeat < 3; repeat++)
        {
            var answer = await fleet.Admin.CutoverAsync(new { to = "green" });
            answer.Status.Should().Be(200, answer.Body);
            answer.Json.GetProperty("outcome").GetString().Should().Be("alreadyActive");
            answer.Json.GetProperty("changed").GetBoolean().Should().BeFalse();
            answer.Json.GetProperty("services")[0].GetProperty("active").GetString().Should().Be("green");
            answer.Json.TryGetProperty("id", out _).Should().BeFalse("no release is made up");
        }

        (await fleet.Admin.StatusAsync()).Generation.Should().Be(2);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases")).Json.GetArrayLength().Should().Be(1);
    }

    [Fact]
    public async Task Cutover_TwoAtOnce_OneReleaseAndOneClearConflict()
    {
        await using var fleet = await Fleet.HostAsync();

        var answers = await Task.WhenAll(
            fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, wait: null), fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, wait: null));

        answers.Select(answer => answer.Status).Order().Should().Equal(202, 409);
        var started = answers.Single(answer => answer.Status == 202).Release;
        var conflict = answers.Single(answer => answer.Status == 409);
        conflict.Code.Should().Be("release-in-progress");
        conflict.Json.GetProperty("releaseId").GetString().Should().Be(started.Id);
        conflict.Detail.Should().Contain(started.Id).And.Contain("orders");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases")).Json.GetArrayLength().Should().Be(1);
    }

    [Fact]
    public async Task Cutover_FiftyAtOnce_ExactlyOneReleaseIsMade()
    {
        await using var fleet = await Fleet.HostAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, wait: null)));

        answers.Count(answer => answer.Status == 202).Should().Be(1);
        answers.Where(answer => answer.Status != 202).Should().OnlyContain(answer => answer.Status == 409);
    }

    [Fact]
    public async Task IfMatch_StaleGeneration_IsRefusedWithTheCurrentOne()
    {
        await using var fleet = await Fleet.HostAsync();
        var status = await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders");
        var tag = status.Headers["ETag"];
        tag.Should().Be("\"1\"");
        (await fleet.Admin.CutoverAsync(until: "completed", headers: ("If-Match", tag))).Status.Should().Be(200);

        var stale = await fleet.Admin.RollbackAsync(headers: ("If-Match", tag));

        stale.Status.Should().Be(412);
        stale.Code.Should().Be("stale-generation");
        stale.Json.GetProperty("generation").GetInt64().Should().Be(2);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
        (await fleet.Admin.RollbackAsync(headers: ("If-Match", "\"2\""))).Status.Should().Be(200);
    }

    [Fact]
    public async Task IdempotencyKey_SameRequest_GetsTheSameReleaseBack()
    {
        await using var fleet = await Fleet.HostAsync();
        var body = new { to = "green", bakeSeconds = 600, reason = "pipeline 7" };

        var first = await fleet.Admin.CutoverAsync(body, headers: ("Idempotency-Key", "pipeline-7"));
        var again = await fleet.Admin.CutoverAsync(body, headers: ("Idempotency-Key", "pipeline-7"));
        var other = await fleet.Admin.CutoverAsync(new { to = "blue" }, headers: ("Idempotency-Key", "pipeline-7"));

        again.Status.Should().Be(200);
        again.Release.Id.Should().Be(first.Release.Id);
        other.Status.Should().Be(422);
        other.Code.Should().Be("idempotency-mismatch");
    }

    [Fact]
    public async Task IdempotencyKey_FiftyAtOnce_AllGetTheOneRelease()
    {
        await using var fleet = await Fleet.HostAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ =>
            fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, headers: ("Idempotency-Key", "one"))));

        answers.Should().OnlyContain(answer => answer.Status == 200);
        answers.Select(answer => answer.Release.Id).Distinct().Should().ContainSingle();
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(2);
    }

    [Theory]
    [InlineData("verifying", "approve", 409)]
    [InlineData("verifying", "finish", 409)]
    [InlineData("verifying", "abort", 200)]
    [InlineData("awaitingApproval", "finish", 409)]
    [InlineData("awaitingApproval", "abort", 200)]
    [InlineData("draining", "approve", 409)]
    [InlineData("draining", "abort", 409)]
    [InlineData("draining", "finish", 200)]
    [InlineData("baking", "approve", 409)]
    [InlineData("baking", "abort", 409)]
    [InlineData("baking", "finish", 200)]
    [InlineData("succeeded", "approve", 409)]
    [InlineData("succeeded", "abort", 409)]
    [InlineData("succeeded", "finish", 200)]
    public async Task Step_InEveryStatus_IsDoneOrRefusedWithAClearConflict(string status, string step, int expected)
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        Task<HttpResponseMessage>? slow = null;
        if (status == "verifying")
        {
            fleet.Green.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        }
        else if (status == "draining")
        {
            slow = client.GetAsync("/orders/gate/slow");
            await fleet.Admin.UntilAsync(before => before.Slots.Blue.InFlight.Total == 1);
        }

        var id = (await fleet.Admin.CutoverAsync(new { requireApproval = status == "awaitingApproval", bakeSeconds = status == "succeeded" ? 0 : 600 }, wait: null)).Release.Id;
        Release release;
        do
        {
            release = await fleet.Admin.ReleaseAsync(id);
        }
        while (ReleaseStatusName(release.Status) != status);

        var answer = await fleet.Admin.PostAsync($"/v1/releases/{id}/{step}");

        answer.Status.Should().Be(expected, answer.Body);
        if (expected == 409)
        {
            answer.Code.Should().Be("wrong-status");
            answer.Detail.Should().Contain($"is {status}: {step} is not possible now");
            ReleaseStatusName((await fleet.Admin.ReleaseAsync(id)).Status).Should().Be(status);
        }

        fleet.Blue.Open("slow");
        if (slow is not null)
        {
            (await slow).EnsureSuccessStatusCode();
        }
    }

    private static string ReleaseStatusName(ReleaseStatus status) => char.ToLowerInvariant(status.ToString()[0]) + status.ToString()[1..];

    [Fact]
    public async Task IdempotencyKey_RejectedRelease_IsRejectedAgainWithoutAnotherTry()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy");
        var first = await fleet.Admin.CutoverAsync(headers: ("Idempotency-Key", "k"));
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "healthy");

        var again = await fleet.Admin.CutoverAsync(wait: null, headers: ("Idempotency-Key", "k"));

        again.Status.Should().Be(422);
        again.Code.Should().Be("gate-failed");
        again.Json.GetProperty("release").GetProperty("id").GetString().Should().Be(first.Json.GetProperty("release").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Rollback_AfterACutover_SwitchesBackAndCanBeRepeatedWithoutPingPong()
    {
        await using var fleet = await Fleet.HostAsync();
        var cutover = await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 });

        var rollback = await fleet.Admin.RollbackAsync(new { reason = "too slow" }, until: "completed");

        rollback.Status.Should().Be(200, rollback.Body);
        rollback.Release.Services.Single().Should().BeEquivalentTo(new { From = SlotName.Green, To = SlotName.Blue, Generation = 3 });
        (await fleet.Admin.ReleaseAsync(cutover.Release.Id)).Should().BeEquivalentTo(new { Status = ReleaseStatus.RolledBack });
        var again = await fleet.Admin.RollbackAsync();
        again.Status.Should().Be(200);
        again.Json.GetProperty("outcome").GetString().Should().Be("alreadyActive");
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 3 });
        fleet.Green.Version = "2.0.1";
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200, "a rollback has no bake that would keep the repaired release waiting");
    }

    [Fact]
    public async Task Rollback_NeverSwitched_IsAClearConflict()
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.RollbackAsync();

        answer.Status.Should().Be(409);
        answer.Code.Should().Be("nothing-to-roll-back");
    }

    [Fact]
    public async Task Rollback_DuringTheVerification_AbortsTheRelease()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        var cutover = await fleet.Admin.CutoverAsync(wait: null);

        var answer = await fleet.Admin.RollbackAsync();

        answer.Status.Should().Be(200, "nothing was switched, which is what a rollback is for");
        answer.Release.Should().BeEquivalentTo(new { cutover.Release.Id, Status = ReleaseStatus.Aborted });
        var release = await fleet.Admin.ReleaseAsync(cutover.Release.Id);
        release.Status.Should().Be(ReleaseStatus.Aborted);
        release.SwitchedAt.Should().BeNull();
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 1, Release = (Release?)null });
    }

    [Fact]
    public async Task Approval_Required_WaitsVerifiesAfreshAndSwitches()
    {
        await using var fleet = await Fleet.HostAsync();
        var waiting = await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: 1);
        waiting.Status.Should().Be(202);
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
        var probes = fleet.Green.Probes;

        var approved = await fleet.Admin.PostAsync($"/v1/releases/{waiting.Release.Id}/approve");

        approved.Status.Should().Be(200, approved.Body);
        await fleet.Admin.UntilAsync(status => status.Active == SlotName.Green);
        fleet.Green.Probes.Should().BeGreaterThanOrEqualTo(probes + 3);
        (await fleet.Admin.PostAsync($"/v1/releases/{waiting.Release.Id}/approve")).Status.Should().Be(200, "scripts may repeat themselves");
    }

    [Fact]
    public async Task Abort_BeforeTheSwitch_EndsTheReleaseAndAfterItIsRefused()
    {
        await using var fleet = await Fleet.HostAsync();
        var waiting = await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: null);
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);

        var aborted = await fleet.Admin.PostAsync($"/v1/releases/{waiting.Release.Id}/abort");

        aborted.Release.Status.Should().Be(ReleaseStatus.Aborted);
        var switched = await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 });
        var late = await fleet.Admin.PostAsync($"/v1/releases/{switched.Release.Id}/abort");
        late.Status.Should().Be(409);
        late.Code.Should().Be("wrong-status");
    }

    [Fact]
    public async Task Finish_WhileBaking_EndsTheBakeAsASuccess()
    {
        await using var fleet = await Fleet.HostAsync();
        var cutover = await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 }, until: "drained");

        var finished = await fleet.Admin.PostAsync($"/v1/releases/{cutover.Release.Id}/finish");

        finished.Status.Should().Be(200, finished.Body);
        finished.Release.Status.Should().Be(ReleaseStatus.Succeeded);
        (await fleet.Admin.StatusAsync()).Release.Should().BeNull();
    }

    [Fact]
    public async Task Bake_Over_EndsAsASuccessAndTheSlotCanStillBeRolledBack()
    {
        await using var fleet = await Fleet.HostAsync();

        var completed = await fleet.Admin.CutoverAsync(new { bakeSeconds = 0.2 }, until: "completed");

        completed.Release.Status.Should().Be(ReleaseStatus.Succeeded);
        (completed.Release.CompletedAt - completed.Release.SwitchedAt).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(0.19));
        (await fleet.Admin.RollbackAsync()).Status.Should().Be(200);
    }

    [Fact]
    public async Task Releases_SeveralOfThem_AreListedNewestFirstInPages()
    {
        await using var fleet = await Fleet.HostAsync();
        for (var count = 0; count < 3; count++)
        {
            await fleet.Admin.CutoverAsync(new { force = true }, until: "completed");
        }

        var all = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases?service=orders")).Json.EnumerateArray().Select(release => release.GetProperty("id").GetString()!).ToList();
        all.Should().HaveCount(3);
        all.Select(id => id.Split('-')[0]).Should().Equal("r3", "r2", "r1");
        var page = (await fleet.Admin.SendAsync(HttpMethod.Get, $"/v1/releases?limit=1&before={all[0]}")).Json;
        page.EnumerateArray().Single().GetProperty("id").GetString().Should().Be(all[1]);
    }

    [Theory]
    [InlineData("{\"to\":\"purple\",\"bakeSeconds\":-1,\"color\":1}", 400, "invalid-request", "to,bakeSeconds,color")]
    [InlineData("{\"force\":\"yes\"}", 400, "invalid-request", "force")]
    [InlineData("[1]", 400, "invalid-request", "body")]
    [InlineData("{", 400, "invalid-request", "body")]
    [InlineData("{\"to\":\"green\",\"to\":\"blue\"}", 400, "invalid-request", "body")]
    public async Task Cutover_BadBody_IsRefusedWithEveryBadFieldNamed(string body, int status, string code, string fields)
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.CutoverAsync(body);

        answer.Status.Should().Be(status);
        answer.Code.Should().Be(code);
        answer.Json.GetProperty("errors").EnumerateObject().Select(field => field.Name).Should().BeEquivalentTo(fields.Split(','));
        (await fleet.Admin.StatusAsync()).Release.Should().BeNull();
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases")).Json.GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task AdminApi_WrongCalls_AreAnsweredWithTheirProblem()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/nope")).Should().Match<AdminAnswer>(answer => answer.Status == 404 && answer.Code == "unknown-service");
        (await fleet.Admin.PostAsync("/v1/services/nope/cutover")).Code.Should().Be("unknown-service");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases/r9-000000")).Should().Match<AdminAnswer>(answer => answer.Status == 404 && answer.Code == "unknown-release");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/nope")).Should().Match<AdminAnswer>(answer => answer.Status == 404 && answer.Code == "not-found");
        (await fleet.Admin.SendAsync(HttpMethod.Delete, "/v1/services/orders")).Should().Match<AdminAnswer>(answer => answer.Status == 405 && answer.Code == "method-not-allowed");
        (await fleet.Admin.CutoverAsync(new { reason = new string('x', 70_000) })).Should().Match<AdminAnswer>(answer => answer.Status == 413 && answer.Code == "body-too-large");
        (await fleet.Admin.CutoverAsync(until: "never")).Should().Match<AdminAnswer>(answer => answer.Status == 400 && answer.Code == "invalid-request");
        (await fleet.Admin.CutoverAsync(wait: null, headers: ("Prefer", "wait=soon"))).Status.Should().Be(400);
        (await fleet.Admin.CutoverAsync(headers: ("If-Match", "1"))).Status.Should().Be(400);
        using var form = new StringContent("to=green");
        using var unsupported = await fleet.Admin.Http.PostAsync("/v1/services/orders/cutover", form);
        ((int)unsupported.StatusCode).Should().Be(StatusCodes.Status415UnsupportedMediaType);
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 1, Release = (Release?)null });
    }

    [Fact]
    public async Task Healthz_RunningGateway_IsLiveAndReady()
    {
        await using var fleet = await Fleet.StartAsync();
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz/live")).Status.Should().Be(200);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz/ready")).Status.Should().Be(200);
        (await fleet.Gateway.StopAsync()).Should().Be(0, "SIGTERM is how it is stopped");
    }

    [Fact]
    public async Task OpenApiDocument_Served_ListsEveryCall()
    {
        await using var fleet = await Fleet.HostAsync();
        var paths = (await fleet.Admin.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Json.GetProperty("paths").EnumerateObject().Select(path => path.Name);
        paths.Should().Contain([
            "/v1/services", "/v1/services/{service}", "/v1/services/{service}/slots/{slot}", "/v1/services/{service}/preflight",
            "/v1/services/{service}/cutover", "/v1/services/{service}/rollback", "/v1/releases", "/v1/releases/{id}",
            "/v1/cutover", "/v1/rollback", "/v1/events", "/v1/releases/{id}/approve", "/v1/releases/{id}/abort", "/v1/releases/{id}/finish", "/v1/audit", "/healthz/live", "/healthz/ready",
        ]);
    }

    [Fact]
    public async Task Audit_ChangesAndRefusals_AreAllThereNewestFirst()
    {
        await using var fleet = await Fleet.HostAsync();
        await fleet.Admin.CutoverAsync(new { reason = "go", bakeSeconds = 600 });
        await fleet.Admin.CutoverAsync(new { to = "blue" });

        var entries = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().ToList();

        entries.Select(entry => (entry.GetProperty("action").GetString(), entry.GetProperty("result").GetString()))
            .Should().Equal(("cutover", "release-in-progress"), ("switched", "done"), ("cutover", "accepted"));
        entries.Select(entry => entry.GetProperty("sequence").GetInt64()).Should().Equal(3, 2, 1);
        entries[2].GetProperty("reason").GetString().Should().Be("go");
        entries[2].GetProperty("client").GetString().Should().Be("127.0.0.1");
    }
}

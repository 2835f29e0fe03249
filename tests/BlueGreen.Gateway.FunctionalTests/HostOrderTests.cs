using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using BlueGreen.ReverseProxy;
using BlueGreen.ReverseProxy.Extensibility;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Releases that code of the host orders: by the same rules as over HTTP, with the same traces.</summary>
public sealed class HostOrderTests
{
    private static readonly BlueGreenCall Robot = new("robot");

    [Fact]
    public async Task Shift_OrderedFromCode_IsPromotedPausedAndTakenBackFromThere()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        var blueGreen = gateway.BlueGreen;
        var order = new CutoverRequest(Shift: new ShiftRequest([new ShiftStep(5, 600), new ShiftStep(50, 600)]));

        var begun = (await blueGreen.CutoverAsync("orders", order, Robot with { WaitUntil = ReleaseStage.Shifting })).Release!;

        begun.Shift!.Weight.Should().Be(5);
        (await blueGreen.PromoteAsync(begun.Id, null, Robot with { IdempotencyKey = "next" })).Shift!.Weight.Should().Be(50);
        (await blueGreen.PromoteAsync(begun.Id, null, Robot with { IdempotencyKey = "next" })).Shift!.Weight.Should().Be(50, "it is the same call");
        (await blueGreen.PauseAsync(begun.Id, Robot)).Shift!.PausedBy.Should().Be(Robot.Actor);
        (await blueGreen.ResumeAsync(begun.Id, Robot)).Shift!.PausedBy.Should().BeNull();
        (await ProblemOf(() => blueGreen.PromoteAsync(begun.Id, 1000, Robot))).Errors.Should().ContainKey("to");
        (await blueGreen.RollbackAsync("orders", new RollbackRequest(Reason: "enough"), Robot with { WaitUntil = ReleaseStage.Switched })).Release!
            .Shift!.Reversal!.Detail.Should().Be($"rolled back by {Robot.Actor}: enough");
        (await ProblemOf(() => blueGreen.WaitAsync(begun.Id, ReleaseStage.Switched))).Code.Should().Be(ProblemCodes.ReleaseEnded);
    }

    [Fact]
    public async Task Cutover_AndRollback_SwitchAndStandInTheAuditUnderTheirActor()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        var blueGreen = gateway.BlueGreen;
        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };

        var cutover = await blueGreen.CutoverAsync("orders", new CutoverRequest(Reason: "2.0.0"), Robot with { WaitUntil = ReleaseStage.Completed });
        (await client.GetStringAsync("/orders/x")).Should().Be("2.0.0");
        blueGreen.FindService("ORDERS")!.Active.Should().Be(SlotName.Green);
        var rollback = await blueGreen.RollbackAsync("orders", new RollbackRequest(), Robot with { WaitUntil = ReleaseStage.Switched });
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");

        cutover.Release!.Status.Should().Be(ReleaseStatus.Succeeded);
        cutover.Release.Actor.Should().Be("robot");
        blueGreen.GetReleases("orders", limit: 1).Should().ContainSingle().Which.Id.Should().Be(rollback.Release!.Id);
        (await AuditAsync(gateway)).Should().Contain(["robot in-process cutover accepted", "robot in-process rollback accepted"]);
    }

    [Fact]
    public async Task Order_WithNothingToDo_SaysSo()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();

        var order = await gateway.BlueGreen.CutoverAsync("orders", new CutoverRequest(To: SlotName.Blue), Robot);

        order.Release.Should().BeNull();
        order.NothingToDo!.Outcome.Should().Be(NothingToDoOutcome.AlreadyActive);
    }

    [Fact]
    public async Task Order_UnderAKeyThatWasUsedOverHttp_IsTheSameOrder()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(configure: configuration =>
            configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Tokens"] = new JsonArray(AdminSection.Token("robot", "act", "operator")) });
        var request = new { reason = "2.0.0", bakeSeconds = 0 };
        var answer = await gateway.Admin.CutoverAsync(request, headers: [("Authorization", "Bearer act"), ("Idempotency-Key", "k1")]);
        answer.Status.Should().Be(200, answer.Body);
        var call = Robot with { IdempotencyKey = "k1" };

        var same = await gateway.BlueGreen.CutoverAsync("orders", new CutoverRequest(Reason: "2.0.0", BakeSeconds: 0), call);
        var other = await ProblemOf(() => gateway.BlueGreen.CutoverAsync("orders", new CutoverRequest(Reason: "2.0.1", BakeSeconds: 0), call));

        same.Release!.Id.Should().Be(answer.Release.Id);
        other.Code.Should().Be(ProblemCodes.IdempotencyMismatch);
    }

    [Fact]
    public async Task Cutover_ThatAGateRefuses_ThrowsTheProblemWithTheRelease()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();

        var problem = await ProblemOf(() => gateway.BlueGreen.CutoverAsync("orders", new CutoverRequest(ExpectVersion: "3.0.0"), Robot with { WaitUntil = ReleaseStage.Switched }));

        problem.Should().Match<Problem>(found => found.Code == ProblemCodes.GateFailed && found.Status == 422);
        problem.Release!.Status.Should().Be(ReleaseStatus.Rejected);
        problem.Gates.Should().Contain(gate => gate.Name == "version" && gate.Status == GateStatus.Failed);
        (await ProblemOf(() => gateway.BlueGreen.WaitAsync(problem.Release.Id, ReleaseStage.Completed))).Code.Should().Be(ProblemCodes.GateFailed);
    }

    [Fact]
    public async Task Calls_ThatTheAdminApiWouldRefuse_AreRefusedWithItsCodes()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        var blueGreen = gateway.BlueGreen;
        Task<Problem> Cutover(CutoverRequest request, BlueGreenCall call, string service = "orders") => ProblemOf(() => blueGreen.CutoverAsync(service, request, call));

        (await Cutover(new(), Robot, "nobody")).Code.Should().Be(ProblemCodes.UnknownService);
        (await Cutover(new(BakeSeconds: -1), Robot)).Errors.Should().ContainKey("bakeSeconds");
        (await Cutover(new(), Robot with { ExpectedGeneration = 7 })).Should().Match<Problem>(problem => problem.Code == ProblemCodes.StaleGeneration && problem.Generation == 1);
        (await Cutover(new(), Robot with { IdempotencyKey = "" })).Errors.Should().ContainKey("Idempotency-Key");
        foreach (var actor in new[] { "", " ", "anonymous", "Gateway", "bake", "a\nb", new string('a', 101) })
        {
            (await Cutover(new(), new(actor))).Errors.Should().ContainKey("actor");
        }

        (await ProblemOf(() => blueGreen.CutoverAsync(new GroupCutoverRequest([]), Robot))).Errors.Should().ContainKey("services");
        (await ProblemOf(() => blueGreen.RollbackAsync("orders", new(), Robot))).Code.Should().Be(ProblemCodes.NothingToRollBack);
        (await ProblemOf(() => blueGreen.RollbackAsync(new GroupRollbackRequest("r9-aaaaaa"), Robot))).Code.Should().Be(ProblemCodes.UnknownRelease);
        (await ProblemOf(() => blueGreen.FinishAsync("r9-aaaaaa", Robot))).Code.Should().Be(ProblemCodes.UnknownRelease);
        (await ProblemOf(() => blueGreen.WaitAsync("r9-aaaaaa", ReleaseStage.Switched))).Code.Should().Be(ProblemCodes.UnknownRelease);
        (await ProblemOf(() => blueGreen.PreflightAsync("nobody"))).Code.Should().Be(ProblemCodes.UnknownService);
        (await ProblemOf(() => blueGreen.DeployAsync("orders", SlotName.Green, Deployment("ftp://x"), Robot))).Errors.Should().ContainKey("destinations.g1.address");
        (await ProblemOf(() => blueGreen.DeployAsync("orders", SlotName.Blue, Deployment("http://127.0.0.1:9"), Robot))).Code.Should().Be(ProblemCodes.SlotActive);

        (await AuditAsync(gateway)).Should().Contain(
            ["robot in-process cutover unknown-service", "robot in-process cutover invalid-request", "robot in-process deploy slot-active", "unknown in-process cutover invalid-request"]);
        (await gateway.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    [Fact]
    public async Task Approval_TakesAnotherActor()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        var id = (await gateway.BlueGreen.CutoverAsync("orders", new CutoverRequest(RequireApproval: true), Robot)).Release!.Id;
        await gateway.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);

        (await ProblemOf(() => gateway.BlueGreen.ApproveAsync(id, Robot))).Code.Should().Be(ProblemCodes.Forbidden);
        (await gateway.BlueGreen.AbortAsync(id, Robot)).Status.Should().Be(ReleaseStatus.Aborted);
    }

    [Fact]
    public async Task Deployment_ThenGroupCutover_ThenRollbackOfTheRelease_AreDoneFromCode()
    {
        await using var next = await TestApi.StartAsync("3.0.0");
        await using var gateway = await EmbeddedGateway.StartAsync(configure: configuration => Fleet.AddService(configuration, "billing"));
        var blueGreen = gateway.BlueGreen;

        var deployed = await blueGreen.DeployAsync("orders", SlotName.Green, Deployment(next.Address), Robot);
        var release = await blueGreen.CutoverAsync(new GroupCutoverRequest(["orders", "billing"], BakeSeconds: 900), Robot with { WaitUntil = ReleaseStage.Drained });
        var back = await blueGreen.RollbackAsync(new GroupRollbackRequest(release.Release!.Id), Robot with { WaitUntil = ReleaseStage.Switched });

        deployed.Generation.Should().Be(2);
        release.Release.Services.Should().HaveCount(2);
        back.Release!.Services.Should().HaveCount(2);
        blueGreen.GetServices().Select(service => service.Active).Should().Equal(SlotName.Blue, SlotName.Blue);
        blueGreen.FindRelease(release.Release.Id)!.Status.Should().Be(ReleaseStatus.RolledBack);
    }

    [Fact]
    public async Task Wait_ThatIsCancelled_LeavesTheReleaseAlone()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        var id = (await gateway.BlueGreen.CutoverAsync("orders", new CutoverRequest(BakeSeconds: 900), Robot with { WaitUntil = ReleaseStage.Switched })).Release!.Id;
        using var over = new CancellationTokenSource();

        var wait = gateway.BlueGreen.WaitAsync(id, ReleaseStage.Completed, over.Token);
        await over.CancelAsync();

        await FluentActions.Awaiting(() => wait).Should().ThrowAsync<OperationCanceledException>();
        (await gateway.BlueGreen.FinishAsync(id, Robot)).Status.Should().BeOneOf(ReleaseStatus.Draining, ReleaseStatus.Succeeded);
        (await gateway.BlueGreen.WaitAsync(id, ReleaseStage.Completed)).Status.Should().Be(ReleaseStatus.Succeeded);
    }

    [Fact]
    public async Task Wait_OfAGatewayThatStops_Ends()
    {
        await using var gateway = await EmbeddedGateway.StartAsync();
        var id = (await gateway.BlueGreen.CutoverAsync("orders", new CutoverRequest(BakeSeconds: 900), Robot with { WaitUntil = ReleaseStage.Switched })).Release!.Id;

        var wait = gateway.BlueGreen.WaitAsync(id, ReleaseStage.Completed);
        await gateway.StopAsync();

        await FluentActions.Awaiting(() => wait).Should().ThrowAsync<OperationCanceledException>().WithMessage($"The gateway stops. Release {id} goes on in the next process.");
    }

    [Fact]
    public async Task Subscriber_OfEvents_GetsThoseOfTheStream()
    {
        await using var gateway = await EmbeddedGateway.StartAsync(proxy => proxy.AddReleaseEvents<News>());
        var news = gateway.Get<News>();

        var id = (await gateway.BlueGreen.CutoverAsync("orders", new CutoverRequest(), Robot with { WaitUntil = ReleaseStage.Completed })).Release!.Id;

        var events = gateway.BlueGreen.FindRelease(id)!.Events;
        await news.Ended.WaitAsync(TestLimits.Wait);
        news.Got.Select(entry => (entry.Sequence, entry.Type, entry.Release)).Should().Equal(events.Select(entry => (entry.Sequence, entry.Type, (string?)id)));
        (await gateway.Admin.SendAsync(HttpMethod.Get, "/healthz")).Body.Should().Contain("events/News");
    }

    private static DeployRequest Deployment(string address) => new(new Dictionary<string, DeployDestination>(StringComparer.Ordinal) { ["g1"] = new(address) }, "3.0.0");

    private static async Task<Problem> ProblemOf(Func<Task> call) => (await call.Should().ThrowAsync<BlueGreenProblemException>()).Which.Problem;

    private static async Task<IReadOnlyList<string>> AuditAsync(EmbeddedGateway gateway) =>
    [
        .. (await gateway.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().Select(entry =>
            $"{entry.GetProperty("actor").GetString()} {entry.GetProperty("client").GetString()} {entry.GetProperty("action").GetString()} {entry.GetProperty("result").GetString()}"),
    ];

    private sealed class News : IReleaseEventSubscriber
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<StreamedEvent> Got { get; } = new();

        public Task Ended => _ended.Task;

        public Task OnEventAsync(StreamedEvent releaseEvent, CancellationToken cancellationToken)
        {
            Got.Enqueue(releaseEvent);
            if (releaseEvent.Type == "succeeded")
            {
                _ended.TrySetResult();
            }

            return Task.CompletedTask;
        }
    }
}

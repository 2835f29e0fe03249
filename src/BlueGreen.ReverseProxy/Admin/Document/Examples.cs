using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Admin.Document;

/// <summary>The examples of the document, made of the API's own records, so that they can't say what the API does not.</summary>
internal static class Examples
{
    private const string Id = "r42-9f3c21";
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private static readonly Gate DeepHealth = new("deepHealth", "orders", GateStatus.Passed, "1 destination passed 3 probes in a row");

    private static readonly Release Starting = new(
        Id,
        ReleaseKind.Cutover,
        [new("orders", SlotName.Blue, SlotName.Green, 41)],
        ReleaseStatus.Verifying,
        Detail: null,
        "2.0.1, ticket 4711",
        "ci",
        Force: false,
        Now,
        SwitchedAt: null,
        DrainedAt: null,
        CompletedAt: null,
        [],
        Drain: null,
        new(900, null, null, null, null, null, []),
        [new(Now, "created", "2.0.1, ticket 4711", 17)]);

    private static readonly Release Baking = Starting with
    {
        Services = [new("orders", SlotName.Blue, SlotName.Green, 42)],
        Status = ReleaseStatus.Baking,
        SwitchedAt = Now.AddSeconds(1),
        DrainedAt = Now.AddSeconds(4),
        Gates = [DeepHealth],
        Drain = new(Now.AddSeconds(301), 3, 0, 0),
        Bake = new(
            900,
            Now.AddSeconds(901),
            "watching",
            null,
            null,
            null,
            [
                new(
                    "orders",
                    1200,
                    31,
                    new(1195, 0, 4, 1, 0, 0, 0, 0, 0),
                    new(4.1, 22.5),
                    new(4.4, 23.5),
                    [new("5xx", 1200, 1, 1, 180_000, 180, 0.001, 0.0122, -0.44, 4.998, 0.02, 0.019, "watching", null)]),
            ]),
        Events = [new(Now, "created", "2.0.1, ticket 4711", 17), new(Now.AddSeconds(1), "switched", "orders: blue to green", 18)],
    };

    private static readonly Release Rejected = Starting with
    {
        Status = ReleaseStatus.Rejected,
        Detail = "deepHealth: g1 reports unhealthy: database",
        CompletedAt = Now.AddSeconds(2),
        Gates = [DeepHealth with { Status = GateStatus.Failed, Detail = "g1 reports unhealthy: database" }],
    };

    private static readonly Release Aborted = Starting with { Status = ReleaseStatus.Aborted, Detail = "aborted by ops; nothing was switched", CompletedAt = Now.AddSeconds(2) };

    private const string TokenId = "9f3c21d04b7a6e58";

    private static readonly PreviewTokenInfo PreviewToken = new(TokenId, "orders", PreviewSlot.Standby, Now, Now.AddHours(1), "ops", "smoke test, ticket 4711", RevokedAt: null);

    private static readonly MirrorReport MirrorFindings = new(
        SlotName.Green,
        SlotName.Blue,
        10,
        ["GET", "HEAD"],
        RequireIdempotencyKey: false,
        65_536,
        64,
        200,
        MaxLatencyMs: 500,
        "ops",
        "before 2.0.1",
        Now,
        Now.AddHours(1),
        EndedAt: null,
        EndedBecause: null,
        Open: 2,
        Sent: 1204,
        Repeated: 0,
        Answered: 1200,
        Failed: 2,
        SameStatus: 1198,
        Different: 1202,
        BodiesNotCompared: 0,
        new(4.1, 22.5),
        new(4.4, 23.5),
        [new("orders", 1202, 240)],
        [
            new("orders", "$.total", "different", 37, 0, 14, 0, "9.99", "9.9", Now.AddSeconds(30)),
            new("orders", "$.createdAt", "noise", 1200, 240, 0, 0, "\"2026-01-02T03:04:35Z\"", "\"2026-01-02T03:04:36Z\"", Now.AddSeconds(31)),
        ],
        DifferencesLeftOut: 0,
        new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["concurrency"] = 0,
            ["rate"] = 17,
            ["requestTooLarge"] = 0,
            ["requestIncomplete"] = 0,
            ["streaming"] = 3,
            ["activeIncomplete"] = 0,
            ["noDestination"] = 0,
            ["ended"] = 0,
            ["notCompared"] = 0,
        },
        []);

    private static readonly ServiceStatus Orders = new(
        "orders",
        42,
        SlotName.Green,
        SlotName.Blue,
        SlotName.Blue,
        new(Now.AddMinutes(-10), 600, null, null, null),
        new(Slot("orders-blue", "b1", "http://10.0.0.11:8080/", "1.0.0"), Slot("orders-green", "g1", "http://10.0.0.21:8080/", "2.0.1")),
        Release: null,
        Warnings: []);

    public static JsonNode Service() => Node(Orders, ContractsJson.Default.ServiceStatus);

    public static JsonNode ClosedService() => Node(
        Orders with { Generation = 43, Maintenance = new("We are back at 14:00 UTC.", 300, Now, "ops"), Warnings = ["The service is in maintenance since 2026-01-02 03:04:05Z (by ops): its clients get 503 until DELETE /v1/services/orders/maintenance."] },
        ContractsJson.Default.ServiceStatus);

    public static JsonNode Services() => new JsonArray(Service());

    public static JsonNode Release() => Node(Baking, ContractsJson.Default.Release);

    public static JsonNode Timeline() => Node(
        new ReleaseTimeline(
            Id,
            [new("verifying", Now, Now.AddSeconds(1)), new("draining", Now.AddSeconds(1), Now.AddSeconds(4)), new("baking", Now.AddSeconds(4), null)],
            [new(Now, 0), new(Now.AddSeconds(1), 100)],
            "kept",
            [new("orders", null, [new("5xx", "bake", 4.998, [new(Now.AddSeconds(1), 0), new(Now.AddSeconds(60), -0.44)])])]),
        ContractsJson.Default.ReleaseTimeline);

    public static JsonNode Started() => Node(Starting, ContractsJson.Default.Release);

    public static JsonNode Releases() => new JsonArray(Release());

    public static JsonNode NothingToDo() => Node(
        new NothingToDo(Changed: false, NothingToDoOutcome.AlreadyActive, "The slot is active already; nothing was changed.", [new("orders", SlotName.Green, 42)]),
        ContractsJson.Default.NothingToDo);

    public static JsonNode Preflight() => Node(new Preflight("orders", SlotName.Blue, SlotName.Green, Passed: true, [DeepHealth]), ContractsJson.Default.Preflight);

    public static JsonNode Cutover() => Given(new CutoverRequest(SlotName.Green, "2.0.1, ticket 4711", "2.0.1"), ContractsJson.Default.CutoverRequest);

    public static JsonNode Promote() => Given(new PromoteRequest(Force: true), ContractsJson.Default.PromoteRequest);

    public static JsonNode Maintenance() => Given(new MaintenanceRequest("We are back at 14:00 UTC.", 300, "ticket 4711"), ContractsJson.Default.MaintenanceRequest);

    public static JsonNode Hold() => Given(new HoldRequest(10, 1000, "migration 4711"), ContractsJson.Default.HoldRequest);

    public static JsonNode Resume() => Given(new ResumeRequest("migration 4711 is done"), ContractsJson.Default.ResumeRequest);

    public static JsonNode HeldService() => Node(
        Orders with
        {
            Generation = 43,
            Hold = new(null, Now, Now.AddSeconds(10), 1000, "ops", "migration 4711", Waiting: 12, Held: 12, Refused: 0, Canceled: 0, LongestWaitMs: 83.5, Idle: true),
            Warnings = ["The service is held since 2026-01-02 03:04:05Z (by ops: migration 4711): 12 requests wait, until POST /v1/services/orders/resume, at the latest until 2026-01-02 03:04:15Z."],
        },
        ContractsJson.Default.ServiceStatus);

    public static JsonNode WantedPreviewToken() => Given(new PreviewTokenRequest(PreviewSlot.Standby, 3600, "smoke test, ticket 4711"), ContractsJson.Default.PreviewTokenRequest);

    public static JsonNode CreatedPreviewToken() => Node(
        new CreatedPreviewToken(TokenId, "bgp_AAEC…", "orders", PreviewSlot.Standby, Now.AddHours(1), "X-BlueGreen-Preview", "?bluegreen-preview=bgp_AAEC…"), ContractsJson.Default.CreatedPreviewToken);

    public static JsonNode PreviewTokens() => new JsonArray(Node(PreviewToken, ContractsJson.Default.PreviewTokenInfo));

    public static JsonNode RevokedPreviewToken() => Node(PreviewToken with { RevokedAt = Now.AddMinutes(5) }, ContractsJson.Default.PreviewTokenInfo);

    public static JsonNode KeyRotation() => Given(new PreviewKeyRotationRequest(Revoke: false, "once a year"), ContractsJson.Default.PreviewKeyRotationRequest);

    public static JsonNode RotatedKey() => Node(new PreviewKeyRotation("c4edfec1", 0, [new("2aa0e1fe", Now.AddHours(1))]), ContractsJson.Default.PreviewKeyRotation);

    public static JsonNode WantedMirror() => Given(new MirrorRequest(10, ["GET", "HEAD"], 3600, Compare: new(["content-type"], ["$.requestId"], ["$.tags"], 20), MaxLatencyMs: 500, Reason: "before 2.0.1"), ContractsJson.Default.MirrorRequest);

    public static JsonNode Mirror() => Node(new MirrorStatus("orders", Running: true, MirrorFindings), ContractsJson.Default.MirrorStatus);

    public static JsonNode EndedMirror() => Node(
        new MirrorStatus("orders", Running: false, MirrorFindings with { EndedAt = Now.AddMinutes(5), EndedBecause = "stopped by ops", Open = 0 }), ContractsJson.Default.MirrorStatus);

    public static JsonNode Rollback() => Given(new RollbackRequest("errors in the log"), ContractsJson.Default.RollbackRequest);

    public static JsonNode GroupCutover() => Given(new GroupCutoverRequest(["orders", "users"], SlotName.Green, "one release"), ContractsJson.Default.GroupCutoverRequest);

    public static JsonNode GroupRollback() => Given(new GroupRollbackRequest(Id, "errors in the log"), ContractsJson.Default.GroupRollbackRequest);

    public static JsonNode Deploy() => Given(
        new DeployRequest(new Dictionary<string, DeployDestination>(StringComparer.Ordinal) { ["g1"] = new("http://10.0.0.21:8080") }, "2.0.1"), ContractsJson.Default.DeployRequest);

    public static JsonNode Audit() => new JsonArray(Node(
        new AuditEntry(7, Now, "ci", "10.0.0.5", "cutover", "accepted", ["orders"], Id, Force: false, "2.0.1, ticket 4711", null, new string('0', 64)), ContractsJson.Default.AuditEntry));

    public static JsonNode Health() => Node(
        new GatewayHealth(GatewayHealth.Healthy, [new("hooks/ci", LoopHealth.Running) { Failures = 0, Since = Now }]) { State = new(StateHealth.Writable), Journals = new(StateHealth.Writable) }, ContractsJson.Default.GatewayHealth);

    public static JsonNode Event()
    {
        var data = new StreamedEvent(18, Now, "switched", Id, ["orders"], "orders: blue to green");
        return $"id: 18\nevent: switched\ndata: {JsonSerializer.Serialize(data, ContractsJson.Default.StreamedEvent)}\n\n";
    }

    /// <summary>A problem of a kind.</summary>
    public static JsonNode Problem(string code)
    {
        var (status, title) = Problems.Describe(code);
        var problem = new Problem($"/problems/{code}", title, status, $"{title}.", code);
        return Node(
            code switch
            {
                ProblemCodes.InvalidRequest => problem with
                {
                    Detail = "to: must be \"blue\" or \"green\".",
                    Errors = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["to"] = ["must be \"blue\" or \"green\""] },
                },
                ProblemCodes.UnknownService => problem with { Detail = "There is no service order. Configured: orders." },
                ProblemCodes.UnknownRelease => problem with { Detail = $"There is no release {Id}." },
                ProblemCodes.ReleaseInProgress => problem with
                {
                    Detail = $"Release {Id} by ci is running (baking) for orders. Wait for it, abort it, or finish it.",
                    ReleaseId = Id,
                },
                ProblemCodes.SlotRetained or ProblemCodes.WrongStatus or ProblemCodes.IdempotencyMismatch => problem with { ReleaseId = Id },
                ProblemCodes.StaleGeneration => problem with
                {
                    Detail = "Service orders is at generation 42, not 41: it has changed since. Look at it again, then repeat.",
                    Generation = 42,
                },
                ProblemCodes.DeploymentReplaced => problem with
                {
                    Detail = "This deployment of green was made under its Idempotency-Key, and another one has taken its place: green holds 2.1.0. Service orders is at generation 43. Nothing was changed.",
                    Generation = 43,
                },
                ProblemCodes.GateFailed => problem with { Detail = $"{Rejected.Detail}. Nothing was switched.", ReleaseId = Id, Release = Rejected, Gates = Rejected.Gates },
                ProblemCodes.ReleaseEnded => problem with { Detail = $"Release {Id} is aborted: {Aborted.Detail}.", ReleaseId = Id, Release = Aborted },
                _ => problem,
            },
            ContractsJson.Default.Problem);
    }

    private static SlotStatus Slot(string cluster, string id, string address, string version) => new(
        cluster,
        version,
        HealthState.Healthy,
        new(0, 0, 0, 0),
        [
            new(
                id,
                address,
                HealthState.Healthy,
                new(Now, Passed: true, 200, 3.2, null, new("healthy", version, null, 86_400, new Dictionary<string, string>(StringComparer.Ordinal) { ["database"] = "healthy" }, new(12, 11, 12)))),
        ]);

    private static JsonNode Node<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToNode(value, type)!;

    // Of a request: what is not given is left out.
    private static JsonObject Given<T>(T request, JsonTypeInfo<T> type)
    {
        var node = (JsonObject)Node(request, type);
        foreach (var (name, _) in node.Where(field => field.Value is null).ToList())
        {
            node.Remove(name);
        }

        return node;
    }
}

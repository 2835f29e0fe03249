using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Releases.Mirroring;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlueGreen.ReverseProxy.Embedding;

/// <summary>The calls of the admin API for code of the host.</summary>
internal sealed class HostBlueGreen(
    ServiceCatalog catalog,
    CommittedState state,
    StatusViews views,
    GateEvaluator evaluator,
    PreSwitchHooks hooks,
    KeyConcentration concentration,
    MirrorNote note,
    SlotDeployer deployer,
    DestinationConnector connector,
    ReleaseEngine engine,
    HostOrders orders,
    HostProblems problems) : IBlueGreen
{
    public IReadOnlyList<ServiceStatus> GetServices() => [.. catalog.All.Select(views.Of)];

    public ServiceStatus? FindService(string service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return catalog.TryGet(service, out var entry) ? views.Of(entry) : null;
    }

    public IReadOnlyList<Release> GetReleases(string? service = null, int limit = 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return [.. state.NewestFirst().Where(release => service is null || release.Concerns(service)).Take(limit).Select(views.Of)];
    }

    public Release? FindRelease(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return state.Find(id) is { } release ? views.Of(release) : null;
    }

    public Task<Preflight> PreflightAsync(string service, SlotName? to = null, string? expectVersion = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(service);
        if (!catalog.TryGet(service, out var entry))
        {
            throw HostProblems.Of(Problems.UnknownService(catalog, service));
        }

        if (expectVersion is not null && string.IsNullOrWhiteSpace(expectVersion))
        {
            throw HostProblems.Of(Problems.Invalid("expectVersion", "must not be empty; leave it out where there is none"));
        }

        var active = state[entry].Active;
        return ServiceEndpoints.EvaluateAsync(state, evaluator, hooks, concentration, note, entry, active, to ?? active.Other(), expectVersion, retryKnownBad: false, cancellationToken);
    }

    public async Task<ServiceStatus> DeployAsync(string service, SlotName slot, DeployRequest request, BlueGreenCall call, CancellationToken cancellationToken = default)
    {
        var made = Make(call, "PUT", $"/v1/services/{service}/slots/{slot.ToText()}", request, ContractsJson.Default.DeployRequest);
        var entry = await FindAsync(made, "deploy", service);
        var force = made.Request.Body.Boolean("force") ?? false;
        var ifMatch = made.Request.IfMatch();
        var deployment = SlotEndpoints.Read(made.Request.Body, connector);
        var idempotency = made.Request.Idempotency();
        if (made.Request.IsInvalid(out var invalid))
        {
            throw await problems.RefuseAsync(made, "deploy", [entry.Name], (ProblemHttpResult)invalid);
        }

        try
        {
            var order = new DeployOrder(made.Caller, force, ifMatch, idempotency?.Key, idempotency?.Hash);
            return await deployer.DeployAsync(entry, slot, deployment, order, cancellationToken) is { } refusal
                ? throw await problems.RefuseAsync(made, "deploy", [entry.Name], Problems.Of(refusal))
                : views.Of(entry);
        }
        catch (StateUnavailableException exception)
        {
            throw HostProblems.Of(exception);
        }
    }

    public async Task<OrderResult> CutoverAsync(string service, CutoverRequest request, BlueGreenCall call, CancellationToken cancellationToken = default)
    {
        var made = Make(call, "POST", $"/v1/services/{service}/cutover", request, ContractsJson.Default.CutoverRequest);
        var entry = await FindAsync(made, "cutover", service);
        return await orders.PlaceAsync(made, OrderReader.ReadCutover(made.Request, [entry], made.Caller), call.WaitUntil, cancellationToken);
    }

    public async Task<OrderResult> CutoverAsync(GroupCutoverRequest request, BlueGreenCall call, CancellationToken cancellationToken = default)
    {
        var made = Make(call, "POST", "/v1/cutover", request, ContractsJson.Default.GroupCutoverRequest);
        var entries = await FindAsync(made, "cutover", OrderReader.ReadServices(made.Request));
        return await orders.PlaceAsync(made, OrderReader.ReadCutover(made.Request, entries, made.Caller), call.WaitUntil, cancellationToken);
    }

    public async Task<OrderResult> RollbackAsync(string service, RollbackRequest request, BlueGreenCall call, CancellationToken cancellationToken = default)
    {
        var made = Make(call, "POST", $"/v1/services/{service}/rollback", request, ContractsJson.Default.RollbackRequest);
        var entry = await FindAsync(made, "rollback", service);
        return await orders.PlaceAsync(made, OrderReader.ReadRollback(made.Request, [entry], made.Caller), call.WaitUntil, cancellationToken);
    }

    public async Task<OrderResult> RollbackAsync(GroupRollbackRequest request, BlueGreenCall call, CancellationToken cancellationToken = default)
    {
        var made = Make(call, "POST", "/v1/rollback", request, ContractsJson.Default.GroupRollbackRequest);
        if (OrderReader.ReadRelease(made.Request) is not { } id)
        {
            // Read for what else is wrong: every bad field is named.
            return await orders.PlaceAsync(made, OrderReader.ReadRollback(made.Request, [], made.Caller), call.WaitUntil, cancellationToken);
        }

        var release = state.Find(id) ?? throw await problems.RefuseAsync(made, "rollback", [], Problems.UnknownRelease(id));
        var entries = await FindAsync(made, "rollback", OrderEndpoints.Standing(release));
        var order = OrderReader.ReadRollback(made.Request, entries, made.Caller) with { TakesBack = OrderEndpoints.TakesBack(release) };
        return await orders.PlaceAsync(made, order, call.WaitUntil, cancellationToken);
    }

    public Task<Release> ApproveAsync(string release, BlueGreenCall call) => orders.StepInAsync(release, "approve", call, engine.ApproveAsync);

    public Task<Release> AbortAsync(string release, BlueGreenCall call) => orders.StepInAsync(release, "abort", call, engine.AbortAsync);

    public Task<Release> PromoteAsync(string release, double? weight, BlueGreenCall call) => orders.PromoteAsync(release, weight, call);

    public Task<Release> PauseAsync(string release, BlueGreenCall call) => orders.StepInAsync(release, "pause", call, engine.PauseAsync);

    public Task<Release> ResumeAsync(string release, BlueGreenCall call) => orders.StepInAsync(release, "resume", call, engine.ResumeAsync);

    public Task<Release> FinishAsync(string release, BlueGreenCall call) => orders.StepInAsync(release, "finish", call, engine.FinishAsync);

    public Task<Release> WaitAsync(string release, ReleaseStage until, CancellationToken cancellationToken = default) =>
        orders.WaitAndJudgeAsync(release, until, cancellationToken);

    private static HostCall Make<T>(BlueGreenCall call, string method, string path, T request, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(request);
        return HostCall.Of(call, method, path, JsonSerializer.SerializeToElement(request, type));
    }

    private async Task<Service> FindAsync(HostCall call, string action, string name) => (await FindAsync(call, action, (IEnumerable<string>)[name]))[0];

    private async Task<List<Service>> FindAsync(HostCall call, string action, IEnumerable<string> names) =>
        OrderEndpoints.Find(catalog, names, out var unknown) ?? throw await problems.RefuseAsync(call, action, [], Problems.UnknownService(catalog, unknown));
}

using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Tests.Support;

internal static class States
{
    public static readonly DateTimeOffset Now = new(2024, 5, 1, 12, 0, 0, 123, TimeSpan.Zero);

    /// <summary>Services that were never switched, blue active.</summary>
    public static GatewayState Of(params string[] services) => new()
    {
        Services = new GatewayState().Services.AddRange(services.Select(name =>
            KeyValuePair.Create(name, new ServiceState(SlotName.Blue, Generation: 1, RollbackTo: null, RolledBack: false, Blue: null, Green: null)))),
    };

    public static GatewayState With(this GatewayState state, string service, Func<ServiceState, ServiceState> change) =>
        state with { Services = state.Services.SetItem(service, change(state.Services[service])) };

    public static StateChange Change(this GatewayState state) => new(state);

    public static StateChange With(this StateChange change, string service, Func<ServiceState, ServiceState> with) =>
        change.WithService(service, with(change.Services[service]));

    public static ReleaseState Release(string id, ReleaseStatus status = ReleaseStatus.Baking) => new()
    {
        Id = id,
        Kind = ReleaseKind.Cutover,
        Services = [new("orders", SlotName.Blue, SlotName.Green, 2)],
        Status = status,
        Actor = "ci",
        CreatedAt = Now,
        DrainSeconds = 300,
        BakeSeconds = 900.5,
    };

    public static AuditRecord Audit(long sequence) =>
        new(sequence, Now, "ci", "127.0.0.1", "cutover", "accepted", ["orders"], "r1-abcdef", Force: false, "because", "detail");

    /// <summary>A state with something in every field, as it is in the middle of a release.</summary>
    public static GatewayState Full() => Of("orders", "Users") with
    {
        Revision = 17,
        History = "history",
        LastRelease = 4,
        LastAudit = 9,
        Services = Of("orders", "Users").Services.SetItem("orders", new(
            SlotName.Green,
            Generation: 6,
            RollbackTo: SlotName.Blue,
            RolledBack: true,
            Blue: null,
            Green: new("2.0.0 – \"ä\"", Now, ImmutableSortedDictionary.Create<string, DeployedDestination>(StringComparer.OrdinalIgnoreCase).Add("g1", new("http://10.0.0.21:8080/", "g1@6"))))),
        Running =
        [
            Release("r4-00ff00") with
            {
                SwitchedAt = Now,
                DrainedAt = Now.AddSeconds(1.5),
                DrainStartedWith = 3,
                DrainAborted = 1,
                Reason = "why\nnot",
                ExpectVersion = "2.0.0",
                Force = true,
                RequireApproval = true,
                RetryKnownBad = true,
                ApprovedBy = "boss",
                Gates = [new("deepHealth", "orders", GateStatus.Passed, "1 destination")],
                TakesBack = "r3-00ff00",
                Verification = 2,
                VerifiedBy = "process",
                ElapsedSeconds = 12,
            },
        ],
    };
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Audit entries that are committed with the change that they speak of.</summary>
internal static class ReleaseAudit
{
    public static StateChange WithAudit(
        this StateChange change, DateTimeOffset now, Caller caller, string action, string result, ReleaseState release, string? detail) =>
        change.WithAudit(now, caller, action, result, [.. release.Services.Select(service => service.Name)], release.Id, release.Force, release.Reason, detail);

    public static StateChange WithAudit(
        this StateChange change,
        DateTimeOffset now,
        Caller caller,
        string action,
        string result,
        IReadOnlyList<string> services,
        string? release,
        bool force,
        string? reason,
        string? detail) =>
        change.WithAudit(new AuditRecord(0, now, caller.Actor, caller.Client, action, result, services, release, force, reason, detail));

    /// <summary>A status as it is written on the wire.</summary>
    public static string NameOf(ReleaseStatus status) => status switch
    {
        ReleaseStatus.Verifying => "verifying",
        ReleaseStatus.AwaitingApproval => "awaitingApproval",
        ReleaseStatus.Holding => "holding",
        ReleaseStatus.Shifting => "shifting",
        ReleaseStatus.Reverting => "reverting",
        ReleaseStatus.Draining => "draining",
        ReleaseStatus.Baking => "baking",
        ReleaseStatus.Confirming => "confirming",
        ReleaseStatus.Succeeded => "succeeded",
        ReleaseStatus.Rejected => "rejected",
        ReleaseStatus.RolledBack => "rolledBack",
        ReleaseStatus.Aborted => "aborted",
        ReleaseStatus.Failed => "failed",
        _ => "abandoned",
    };
}

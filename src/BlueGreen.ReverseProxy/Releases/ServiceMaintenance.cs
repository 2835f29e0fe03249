using System.Globalization;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Closes services to their clients for maintenance, and opens them again. Releases go on as ever.</summary>
internal sealed class ServiceMaintenance(CommittedState state, ReleaseEngine engine, TimeProvider time)
{
    public const string Begin = "beginMaintenance";
    public const string End = "endMaintenance";

    /// <summary>Closes the service, changes what its clients are told, or opens it. Repeating it changes nothing.</summary>
    /// <param name="service">The service.</param>
    /// <param name="wanted">What clients are told; null to open the service.</param>
    /// <param name="order">Who asks.</param>
    /// <param name="cancellationToken">Ends the wait for earlier changes.</param>
    /// <returns>Why it was not done; null when it was, or when there was nothing to do.</returns>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<Refusal?> SetAsync(Service service, Maintenance? wanted, ServiceOrder order, CancellationToken cancellationToken)
    {
        var refusal = await state.CommitAsync(committed => Decide(committed, service.Name, wanted, order, time.GetUtcNow()), cancellationToken);
        if (refusal is not null)
        {
            await engine.AuditAsync(
                order.Caller, wanted is null ? End : Begin, refusal.Code, [service.Name], refusal.ReleaseId, force: false, order.Reason, refusal.Detail);
        }

        return refusal;
    }

    /// <summary>Decides. Pure.</summary>
    public static Decision<Refusal?> Decide(Committed committed, string service, Maintenance? wanted, ServiceOrder order, DateTimeOffset now)
    {
        if (order.Settled(committed, service, now) is { } settled)
        {
            return settled;
        }

        var known = committed.State.Services[service];
        var change = order.Begin(committed, now);
        if (wanted is null ? known.Maintenance is null : known.Maintenance is { } current && current.Message == wanted.Message && current.RetryAfter == wanted.RetryAfterSeconds)
        {
            return new(change.Keys.IsEmpty ? null : change, null);
        }

        var next = known.WithNextGeneration() with
        {
            Maintenance = wanted is null ? null : new(wanted.Message, wanted.RetryAfterSeconds, known.Maintenance?.Since ?? now, order.Caller.Actor),
        };
        var detail = wanted is null ? null : string.Create(CultureInfo.InvariantCulture, $"{wanted.Message ?? "no message"}; retry after {wanted.RetryAfterSeconds} s");
        change = change
            .WithService(service, next)
            .WithEvent(service, now, wanted is null ? "maintenanceEnded" : known.Maintenance is null ? "maintenanceBegun" : "maintenanceChanged", detail)
            .WithAudit(now, order.Caller, wanted is null ? End : Begin, "done", [service], release: null, force: false, order.Reason, detail);
        return new(change, null);
    }
}

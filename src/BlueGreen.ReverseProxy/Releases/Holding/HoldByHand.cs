using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Holding;

/// <summary>Holds a service by hand, and lets it go.</summary>
internal sealed class HoldByHand(CommittedState state, ReleaseEngine engine, TimeProvider time)
{
    /// <summary>Holds the service, changes the limits, or lets it go. Repeating it changes nothing.</summary>
    /// <param name="service">The service.</param>
    /// <param name="wanted">The limits; null to let it go.</param>
    /// <param name="order">Who asks.</param>
    /// <param name="cancellationToken">Ends the wait for earlier changes.</param>
    /// <returns>Why it was not done; null when it was, or when there was nothing to do.</returns>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<Refusal?> SetAsync(Service service, HoldLimits? wanted, ServiceOrder order, CancellationToken cancellationToken)
    {
        var refusal = await state.CommitAsync(
            committed => engine.WhyClosed(service) is { } closed
                ? new(null, closed)
                : ServiceHolds.Decide(committed, service.Name, wanted, order, time.GetUtcNow()),
            cancellationToken);
        if (refusal is not null)
        {
            await engine.AuditAsync(
                order.Caller, wanted is null ? ServiceHolds.Resume : ServiceHolds.Hold, refusal.Code, [service.Name], refusal.ReleaseId, force: false, order.Reason, refusal.Detail);
        }

        return refusal;
    }
}

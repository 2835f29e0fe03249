using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Chooses the slot that serves a request and registers the request there, in one step.</summary>
/// <remarks>
/// The interleaving that this defends against: a request reads the table (blue), a switch to green publishes its table and the
/// drain of blue reads a count of zero, then the request increments blue's count and is served by a slot that was reported as
/// drained. So the table is read again after the increment. Publication and increment are both full fences: either the request
/// sees the new table and takes its increment back, or the drain sees the increment. The second look asks the same question as the
/// first: does this table send this request, sent for this purpose, to this slot? A service that is closed for maintenance sends it nowhere,
/// so once the closing is published and the count reads zero, nothing is served.
/// <para>
/// While a release shifts traffic by evidence, the new slot takes only so many requests at once. A request that finds no room there goes to
/// the old slot, which serves for as long as there is a split; the second look asks for that.
/// </para>
/// </remarks>
internal sealed class SlotSelector(RoutingTablePublisher tables, TimeProvider time)
{
    /// <summary>Takes a lease on the slot that the latest table names.</summary>
    /// <param name="service">The service that the request is for.</param>
    /// <param name="table">The table that the caller has read; on return, a table that names the slot of the lease.</param>
    /// <param name="key">What the request is told apart by.</param>
    /// <param name="purpose">What the request is sent for.</param>
    /// <returns>Null while the service is closed for maintenance; <paramref name="table"/> is then the one that says so.</returns>
    public SlotLease? Acquire(Service service, ref RoutingTable table, ref RequestKey key, Purpose purpose)
    {
        while (true)
        {
            var route = table.RouteOf(service);
            if (!route.Admits(purpose))
            {
                return null;
            }

            var name = route.Choose(ref key, purpose);
            var split = purpose == Purpose.Serve ? route.Split : null;
            var isNew = split is not null && name == split.To;
            var isTurnedAway = isNew && !split!.Watch.TryEnter();
            if (isTurnedAway)
            {
                (name, isNew) = (route.Active, false);
            }

            var slot = service[name];
            slot.InFlight.Increment(purpose);
            var latest = tables.Current;
            if (ReferenceEquals(latest, table) || IsStill(latest.RouteOf(service), ref key, purpose, name, isTurnedAway ? split : null))
            {
                var lease = new SlotLease(slot, purpose) { StartedAt = time.GetTimestamp() };
                lease.Follow(split, isNew, split is null ? default : key.For(split.Keying).Hash);
                return lease;
            }

            slot.InFlight.Decrement(purpose);
            if (isNew)
            {
                split!.Watch.Withdraw();
            }

            table = latest;
        }
    }

    /// <summary>Takes a lease for a preview, which maintenance lets in.</summary>
    /// <param name="service">The service that the request is for.</param>
    /// <param name="table">As for <see cref="Acquire"/>.</param>
    /// <param name="slot">The slot that the preview always shows; null for the standby, which the table names.</param>
    public SlotLease AcquirePreview(Service service, ref RoutingTable table, SlotName? slot)
    {
        if (slot is not { } name)
        {
            RequestKey none = default;
            return Acquire(service, ref table, ref none, Purpose.Preview)!;
        }

        // Nothing to look at again: no table decides this, and no drain waits for it.
        service[name].InFlight.Increment(Purpose.Preview);
        return new SlotLease(service[name], Purpose.Preview) { StartedAt = time.GetTimestamp() };
    }

    // A request that was turned away belongs on the old slot as long as the same shift goes on, whatever its weight.
    private static bool IsStill(ServiceRoute now, ref RequestKey key, Purpose purpose, SlotName name, TrafficSplit? turnedAway) =>
        now.Admits(purpose)
        && (turnedAway is null
            ? now.Choose(ref key, purpose) == name
            : now.Active == name && (now.Split is null || ReferenceEquals(now.Split.Watch, turnedAway.Watch)));
}

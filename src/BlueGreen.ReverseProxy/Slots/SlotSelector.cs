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
/// <para>
/// A hold is the same question: a service that is held sends its requests nowhere. The interleaving of an exclusive switch: a request
/// reads blue and increments blue's count; the hold is published; the release waits, for the count is one; the request looks again, finds
/// the hold, takes its increment back and goes to wait. Or it is held up before the increment, the release sees zero on both slots and
/// switches, and the increment comes then: the second look finds green, and blue never sees the request. So once the hold is
/// published, a count may rise for the moment between increment and second look, but nothing is served that was not counted when it fell to zero.
/// </para>
/// </remarks>
internal sealed class SlotSelector(RoutingTablePublisher tables, TimeProvider time)
{
    /// <summary>Takes a lease on the slot that the latest table names.</summary>
    /// <param name="service">The service that the request is for.</param>
    /// <param name="table">The table that the caller has read; on return, a table that names the slot of the lease.</param>
    /// <param name="key">What the request is told apart by.</param>
    /// <param name="purpose">What the request is sent for.</param>
    /// <returns>Null while the service is closed for maintenance or held; <paramref name="table"/> is then the one that says so.</returns>
    public SlotLease? Acquire(Service service, ref RoutingTable table, ref RequestKey key, Purpose purpose)
    {
        while (true)
        {
            var route = table.RouteOf(service);
            if (!route.Admits(service, purpose))
            {
                return null;
            }

            var name = route.Choose(ref key, purpose);
            var split = purpose == Purpose.Serve ? route.Split : null;
            var isNew = split is not null && name == split.To;
            var isTurnedAway = isNew && !split!.Watch.TryEnter();
            if (isTurnedAway)
            {
                (name, isNew) = (split!.Rest, false);
            }

            var slot = service[name];
            slot.InFlight.Increment(purpose);
            var latest = tables.Current;
            if (ReferenceEquals(latest, table) || IsStill(latest.RouteOf(service), service, ref key, purpose, name, isTurnedAway ? split : null))
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

    /// <summary>Takes a lease for a preview, which maintenance lets in, and a hold does not.</summary>
    /// <param name="service">The service that the request is for.</param>
    /// <param name="table">As for <see cref="Acquire"/>.</param>
    /// <param name="slot">The slot that the preview always shows; null for the standby, which the table names.</param>
    /// <returns>Null while the service is held.</returns>
    public SlotLease? AcquirePreview(Service service, ref RoutingTable table, SlotName? slot)
    {
        if (slot is not { } name)
        {
            RequestKey none = default;
            return Acquire(service, ref table, ref none, Purpose.Preview);
        }

        // No table decides which slot it is, and no drain waits for it. But an exclusive switch does, and a hold lets none in from then on.
        service[name].InFlight.Increment(Purpose.Preview);
        if ((table = tables.Current).RouteOf(service).IsHeld(service))
        {
            service[name].InFlight.Decrement(Purpose.Preview);
            return null;
        }

        return new SlotLease(service[name], Purpose.Preview) { StartedAt = time.GetTimestamp() };
    }

    /// <summary>Takes a lease for a copy of a request: on the standby, or on the active slot a second time.</summary>
    /// <param name="service">The service.</param>
    /// <param name="slot">The slot that gets the copy.</param>
    /// <param name="active">The slot that has to be active: answers of the same two versions are compared.</param>
    /// <returns>Null while the service is held, and after a switch.</returns>
    public SlotLease? AcquireCopy(Service service, Slot slot, SlotName active)
    {
        // As for a preview: no drain waits for it, but an exclusive switch does.
        slot.InFlight.Increment(Purpose.Mirror);
        var row = tables.Current.RouteOf(service);
        if (row.IsHeld(service) || row.Active != active)
        {
            slot.InFlight.Decrement(Purpose.Mirror);
            return null;
        }

        return new SlotLease(slot, Purpose.Mirror) { StartedAt = time.GetTimestamp() };
    }

    // A request that was turned away belongs on the old slot as long as the same shift goes on, whatever its weight.
    private static bool IsStill(ServiceRoute now, Service service, ref RequestKey key, Purpose purpose, SlotName name, TrafficSplit? turnedAway) =>
        now.Admits(service, purpose)
        && (turnedAway is null
            ? now.Choose(ref key, purpose) == name
            : now.Split is { } split ? split.Rest == name && ReferenceEquals(split.Watch, turnedAway.Watch)
            : now.Active == name);
}

using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.State;

/// <summary>The next state, and the records that are committed with it: all of it is stored, or nothing. Immutable.</summary>
/// <param name="State">The next state.</param>
internal sealed record StateChange(GatewayState State)
{
    public ImmutableList<EventRecord> Events { get; init; } = [];

    public ImmutableList<AuditRecord> Audit { get; init; } = [];

    /// <summary>The releases that ended.</summary>
    public ImmutableList<ReleaseState> Ended { get; init; } = [];

    public ImmutableList<IdempotencyRecord> Keys { get; init; } = [];

    /// <summary>Hook calls to be made.</summary>
    public ImmutableList<HookDelivery> Enqueued { get; init; } = [];

    /// <summary>The ids of hook calls that were answered, given up or dropped.</summary>
    public ImmutableList<string> Dequeued { get; init; } = [];

    /// <summary>Hook calls that must not be made any more.</summary>
    public ImmutableList<Withdrawal> Withdrawn { get; init; } = [];

    public ImmutableSortedDictionary<string, ServiceState> Services => State.Services;

    public ImmutableList<ReleaseState> Running => State.Running;

    public ReleaseState? Find(string releaseId) =>
        Running.Find(release => release.Id == releaseId) ?? Ended.Find(release => release.Id == releaseId);

    public StateChange WithService(string name, ServiceState service) => this with { State = State with { Services = Services.SetItem(name, service) } };

    /// <summary>Puts a newer record of a running release in the place of the older one.</summary>
    public StateChange WithRelease(ReleaseState release) =>
        this with { State = State with { Running = Running.Replace(Running.Find(other => other.Id == release.Id)!, release) } };

    public StateChange WithEvent(ReleaseState release, DateTimeOffset at, string type, string? detail)
    {
        var sequence = State.LastEvent + 1;
        return this with
        {
            State = State with { LastEvent = sequence },
            Events = Events.Add(new(sequence, at, type, release.Id, [.. release.Services.Select(service => service.Name)], detail)),
        };
    }

    /// <summary>Adds an event of a service that belongs to no release.</summary>
    public StateChange WithEvent(string service, DateTimeOffset at, string type, string? detail)
    {
        var sequence = State.LastEvent + 1;
        return this with { State = State with { LastEvent = sequence }, Events = Events.Add(new(sequence, at, type, EventRecord.NoRelease, [service], detail)) };
    }

    /// <summary>Adds an audit entry; its sequence is given here.</summary>
    /// <summary>A call must not be carried out a second time.</summary>
    public StateChange WithKey(IdempotencyRecord key) => this with { Keys = Keys.Add(key) };

    public StateChange WithAudit(AuditRecord entry)
    {
        var sequence = State.LastAudit + 1;
        return this with { State = State with { LastAudit = sequence }, Audit = Audit.Add(entry with { Sequence = sequence }) };
    }
}

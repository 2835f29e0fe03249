using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.State;

/// <summary>The committed state with the records that can be asked for. Immutable: whoever reads it sees one moment.</summary>
internal sealed record Committed(GatewayState State, RecentRecords Records)
{
    /// <summary>A change to begin with.</summary>
    public StateChange Change() => new(State);

    /// <summary>A release, running or ended.</summary>
    public ReleaseState? Find(string releaseId) =>
        State.Running.Find(release => release.Id == releaseId) ?? Records.FindEnded(releaseId);

    /// <summary>All releases that can be asked for, newest first.</summary>
    public IEnumerable<ReleaseState> NewestFirst() => State.Running
        .Concat(Records.Ended.Values)
        .OrderByDescending(release => ReleaseId.NumberOf(release.Id));

    /// <summary>What happened to a release, oldest first.</summary>
    public ImmutableList<EventRecord> EventsOf(string releaseId) => Records.EventsOf(releaseId);
}

using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.State;

/// <summary>One service of a release, as it is stored.</summary>
/// <param name="Name">The service.</param>
/// <param name="From">The slot that was active.</param>
/// <param name="To">The slot that becomes active.</param>
/// <param name="Generation">The service's generation after the switch; before it, the generation that the release started from.</param>
internal sealed record ReleasedService(string Name, SlotName From, SlotName To, long Generation);

/// <summary>The verdict of one gate, as it is stored.</summary>
/// <param name="Name">The gate.</param>
/// <param name="Service">The service it was evaluated for.</param>
/// <param name="Status">The verdict.</param>
/// <param name="Detail">What was found, for people.</param>
internal sealed record GateResult(string Name, string Service, GateStatus Status, string? Detail);

/// <summary>Something that happened to a release, as it is stored.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="Type">What.</param>
/// <param name="Detail">For people; null where the type says it all.</param>
/// <param name="Sequence">Its place among the events of all releases.</param>
internal sealed record EventRecord(DateTimeOffset At, string Type, string? Detail, long Sequence = 0);

/// <summary>Who changed what, when, why, as it is stored.</summary>
internal sealed record AuditRecord(
    long Sequence,
    DateTimeOffset At,
    string Actor,
    string? Client,
    string Action,
    string Result,
    IReadOnlyList<string> Services,
    string? Release,
    bool Force,
    string? Reason,
    string? Detail,
    string? Hash = null);

using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Something that happened to a release, or to a service.</summary>
/// <param name="Sequence">Its place among all events.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Type">What.</param>
/// <param name="Release">The release; empty for what has happened to a service.</param>
/// <param name="Services">The release's services, or that one.</param>
/// <param name="Detail">For people; null where the type says it all.</param>
internal sealed record EventRecord(long Sequence, DateTimeOffset At, string Type, string Release, ImmutableList<string> Services, string? Detail)
{
    /// <summary>Not null, which a build that knows no such events could not send on.</summary>
    public const string NoRelease = "";
}

/// <summary>Who changed what, when, why.</summary>
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
    string? Detail)
{
    /// <summary>The SHA-256 of the entry's line in the journal, which the next line repeats; not part of the line itself.</summary>
    [JsonIgnore]
    public string? Hash { get; init; }
}

/// <summary>What a call under an idempotency key came to, so that the same call gets the same answer.</summary>
/// <param name="Actor">Who called: keys of different callers have nothing to do with each other.</param>
/// <param name="Key">The key.</param>
/// <param name="Hash">The SHA-256 of the call, to tell a repeated one from another one under the same key.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Release">The release that the call made, joined or ended; null for a call that made none.</param>
/// <param name="Services">Where the services were when the call found nothing to do.</param>
internal sealed record IdempotencyRecord(
    string Actor, string Key, string Hash, DateTimeOffset At, string? Release, ImmutableList<ActiveService>? Services = null)
{
    /// <summary>The id of the preview token that the call made.</summary>
    public string? PreviewToken { get; init; }
}

/// <summary>Which slot of a service was active at some moment.</summary>
internal sealed record ActiveService(string Name, SlotName Active, long Generation);

/// <summary>A call of a hook that is still to be made.</summary>
/// <param name="Id">The same at every try, so that a receiver can tell a repeated call from a new one.</param>
/// <param name="Hook">The hook's name.</param>
/// <param name="Event">What it is called for.</param>
/// <param name="Release">The release.</param>
/// <param name="Service">The service that a decommission is about; null for other events.</param>
/// <param name="At">When it happened (UTC).</param>
internal sealed record HookDelivery(string Id, string Hook, HookEvent Event, string Release, string? Service, DateTimeOffset At)
{
    /// <summary>The slot that a decommission is about.</summary>
    public SlotName? Slot { get; init; }

    /// <summary>The service's generation when the call was due.</summary>
    public long? Generation { get; init; }

    /// <summary>When it is given up (UTC); null for calls of a build that did not say.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Takes back the decommission calls for a slot that is in use again.</summary>
/// <param name="Service">The service.</param>
/// <param name="Slot">The slot.</param>
internal sealed record Withdrawal(string Service, SlotName Slot)
{
    public bool Concerns(HookDelivery delivery) =>
        delivery.Event == HookEvent.Decommission
        && string.Equals(delivery.Service, Service, StringComparison.OrdinalIgnoreCase)
        && (delivery.Slot is null || delivery.Slot == Slot);
}

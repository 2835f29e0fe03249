using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace BlueGreen.ReverseProxy.State;

/// <summary>
/// The newest of what is committed beside the state, and all that still has to be acted on. Immutable and bounded: the files keep
/// more than can be asked for here.
/// </summary>
internal sealed record RecentRecords
{
    public const int MaxEnded = 1000;
    public const int MaxAudit = 1000;
    public const int MaxEvents = 20_000;
    public const int MaxKeys = 20_000;

    /// <summary>Of how many ended releases the evidence over time is kept: it is most of what a release takes in memory.</summary>
    public const int MaxCurves = 100;

    /// <summary>How long an idempotency key is known.</summary>
    public static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(24);

    /// <summary>The ended releases by the number in their id.</summary>
    public ImmutableSortedDictionary<long, ReleaseState> Ended { get; init; } = ImmutableSortedDictionary<long, ReleaseState>.Empty;

    /// <summary>Oldest first.</summary>
    public ImmutableList<EventRecord> Events { get; init; } = [];

    /// <summary>Oldest first.</summary>
    public ImmutableList<AuditRecord> Audit { get; init; } = [];

    /// <summary>Hook calls that are still to be made, oldest first.</summary>
    public ImmutableList<HookDelivery> Outbox { get; init; } = [];

    private ImmutableDictionary<string, ImmutableList<EventRecord>> ByRelease { get; init; } = ImmutableDictionary.Create<string, ImmutableList<EventRecord>>(StringComparer.Ordinal);

    private ImmutableDictionary<CallerKey, IdempotencyRecord> Keys { get; init; } = ImmutableDictionary<CallerKey, IdempotencyRecord>.Empty;

    private ImmutableQueue<CallerKey> KeysInOrder { get; init; } = [];

    public IEnumerable<IdempotencyRecord> AllKeys => Keys.Values;

    public ReleaseState? FindEnded(string releaseId) =>
        Ended.TryGetValue(ReleaseId.NumberOf(releaseId), out var release) && release.Id == releaseId ? release : null;

    public ImmutableList<EventRecord> EventsOf(string releaseId) => ByRelease.GetValueOrDefault(releaseId, []);

    /// <summary>What a caller's key was used for within its lifetime; null when it was not.</summary>
    public IdempotencyRecord? FindKey(string actor, string key, DateTimeOffset now) =>
        Keys.TryGetValue(new(actor, key), out var known) && now - known.At < KeyLifetime ? known : null;

    /// <summary>The first event that is still known; null for none.</summary>
    public long? FirstEvent => Events.IsEmpty ? null : Events[0].Sequence;

    /// <summary>The events after one and up to another, oldest first.</summary>
    public IEnumerable<EventRecord> EventsBetween(long after, long upTo)
    {
        for (var index = FirstAfter(after); index < Events.Count && Events[index].Sequence <= upTo; index++)
        {
            yield return Events[index];
        }
    }

    public RecentRecords Apply(StateChange change) => this
        .WithEvents(change.Events)
        .WithEnded(change.Ended)
        .WithAudit(change.Audit)
        .WithKeys(change.Keys) with
    {
        Outbox = change is { Enqueued.IsEmpty: true, Dequeued.IsEmpty: true, Withdrawn.IsEmpty: true }
            ? Outbox
            : Outbox
                .RemoveAll(delivery => change.Dequeued.Contains(delivery.Id) || change.Withdrawn.Exists(withdrawal => withdrawal.Concerns(delivery)))
                .AddRange(change.Enqueued),
    };

    public RecentRecords WithAudit(IReadOnlyCollection<AuditRecord> added) =>
        added.Count == 0 ? this : this with { Audit = Newest(Audit.AddRange(added), MaxAudit) };

    private RecentRecords WithEnded(ImmutableList<ReleaseState> added)
    {
        if (added.IsEmpty)
        {
            return this;
        }

        var ended = Ended.SetItems(added.Select(release => KeyValuePair.Create(ReleaseId.NumberOf(release.Id), release)));
        var byRelease = ByRelease;
        while (ended.Count > MaxEnded)
        {
            var (number, oldest) = ended.First();
            ended = ended.Remove(number);
            byRelease = byRelease.Remove(oldest.Id);
        }

        foreach (var old in ended.Values.Take(ended.Count - MaxCurves).Where(release => release.Bake?.Services.Exists(service => service.Curves is not null) == true))
        {
            ended = ended.SetItem(ReleaseId.NumberOf(old.Id), old with { Bake = old.Bake!.WithoutCurves() });
        }

        return this with { Ended = ended, ByRelease = byRelease };
    }

    private RecentRecords WithEvents(ImmutableList<EventRecord> added)
    {
        if (added.IsEmpty)
        {
            return this;
        }

        var byRelease = added
            .Where(entry => entry.Release.Length > 0)
            .GroupBy(entry => entry.Release, StringComparer.Ordinal)
            .Aggregate(ByRelease, (known, group) => known.SetItem(group.Key, known.GetValueOrDefault(group.Key, []).AddRange(group)));
        return this with { Events = Newest(Events.AddRange(added), MaxEvents), ByRelease = byRelease };
    }

    private int FirstAfter(long sequence)
    {
        var (low, high) = (0, Events.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Events[middle].Sequence > sequence ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    // All live equally long, so the oldest is the first to go; the newest record's own time stands for now.
    private RecentRecords WithKeys(ImmutableList<IdempotencyRecord> added)
    {
        var (keys, order) = (Keys, KeysInOrder);
        foreach (var record in added)
        {
            var key = new CallerKey(record.Actor, record.Key);
            keys = keys.SetItem(key, record);
            order = order.Enqueue(key);
            while (!order.IsEmpty && (keys.Count > MaxKeys || IsOver(keys, order.Peek(), record.At)))
            {
                order = order.Dequeue(out var oldest);
                keys = oldest == key ? keys : keys.Remove(oldest);
            }
        }

        return this with { Keys = keys, KeysInOrder = order };
    }

    private static bool IsOver(ImmutableDictionary<CallerKey, IdempotencyRecord> keys, CallerKey key, DateTimeOffset now) =>
        !keys.TryGetValue(key, out var record) || now - record.At >= KeyLifetime;

    private static ImmutableList<T> Newest<T>(ImmutableList<T> entries, int count) => entries.Count > count ? entries.RemoveRange(0, entries.Count - count) : entries;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct CallerKey(string Actor, string Key);
}

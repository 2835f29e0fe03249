using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// Reads the first format, in which the state document carried events, keys, hook calls, and the newest releases and audit entries,
/// and in which journals were plain records.
/// </summary>
internal static class FormatOne
{
    public const int Format = 1;

    private static readonly string[] MovedFromRelease = ["events", "idempotencyKey", "requestHash", "undoneByKey", "undoneByHash"];

    /// <exception cref="InvalidDataException">It is not what a build of this format has written.</exception>
    public static StateContent Read(ReadOnlySpan<byte> body)
    {
        var document = Parse(body[..^1], "the state");
        var moved = new StateChange(new GatewayState());
        moved = TakeReleases(document, "running", moved, areEnded: false);
        moved = TakeReleases(document, "justEnded", moved, areEnded: true);
        foreach (var entry in Take(document, "justAudited"))
        {
            moved = moved with { Audit = moved.Audit.Add(Audit(entry)) };
        }

        foreach (var delivery in Take(document, "outbox"))
        {
            moved = moved with { Enqueued = moved.Enqueued.Add(Read(Delivery(delivery), StateJson.Default.HookDelivery)) };
        }

        var state = StateShape.Checked(Read(document, StateJson.Default.GatewayState));
        return new StateContent(Format, state, []) { Moved = moved with { State = state } };
    }

    /// <summary>Adds the newest of the two journals to what the state document carried.</summary>
    /// <param name="moved">What it carried.</param>
    /// <param name="audit">The lines of <c>audit.jsonl</c>.</param>
    /// <param name="releases">The lines of <c>releases.jsonl</c>.</param>
    /// <param name="broken">Told of each line that can't be read or, in the audit, does not follow from the one before.</param>
    /// <returns>All of it; and the hash that the first of its audit entries follows.</returns>
    public static (StateChange Moved, string FollowsHash) WithJournals(
        StateChange moved, IEnumerable<byte[]> audit, IEnumerable<byte[]> releases, Action<string, int> broken)
    {
        var carried = moved;
        var (entries, hashes) = ReadAudit(audit, broken);
        var known = entries.Select(entry => entry.Sequence).ToHashSet();
        var all = entries.Concat(carried.Audit.Where(entry => !known.Contains(entry.Sequence))).ToList();
        var newest = all.TakeLast(RecentRecords.MaxAudit).ToImmutableList();
        var follows = all.Count - newest.Count is > 0 and var left && left <= hashes.Count ? hashes[left - 1] : JournalLine.NoLine;

        // Older ones than can be asked for stay where they are.
        var newestReleases = releases.Index().TakeLast(RecentRecords.MaxEnded);
        var ended = new StateChange(new GatewayState());
        foreach (var (index, utf8) in newestReleases)
        {
            try
            {
                ended = TakeRelease(Parse(utf8, "the line"), ended, isEnded: true);
            }
            catch (InvalidDataException)
            {
                broken("releases.jsonl", index + 1);
            }
        }

        var keptReleases = ended.Ended.Concat(carried.Ended).DistinctBy(release => release.Id, StringComparer.Ordinal).TakeLast(RecentRecords.MaxEnded).ToImmutableList();
        return (moved with
        {
            Audit = newest,
            Ended = keptReleases,
            Keys = [.. ended.Keys.Concat(carried.Keys).OrderByDescending(key => key.At).DistinctBy(key => (key.Actor, key.Key)).Take(RecentRecords.MaxKeys).Reverse()],
            Events = [.. ended.Events.Concat(carried.Events).Where(entry => entry.Sequence > 0).DistinctBy(entry => entry.Sequence).OrderBy(entry => entry.Sequence).TakeLast(RecentRecords.MaxEvents)],
        }, follows);
    }

    /// <summary>The entries of <c>audit.jsonl</c> with their hashes.</summary>
    public static (List<AuditRecord> Entries, List<string> Hashes) ReadAudit(IEnumerable<byte[]> lines, Action<string, int> broken)
    {
        var (entries, hashes) = (new List<AuditRecord>(), new List<string>());
        string? previous = JournalLine.NoLine;
        var line = 0;
        foreach (var utf8 in lines)
        {
            line++;
            try
            {
                var node = Parse(utf8, "the line");
                var hash = node["hash"]?.GetValue<string>();
                node.Remove("hash");

                // What follows a line that can't be read is not blamed for it.
                if (hash is null || (previous is not null && hash != HashOf(previous, utf8)))
                {
                    broken("audit.jsonl", line);
                }

                previous = hash;
                entries.Add(Audit(node));
                hashes.Add(hash ?? JournalLine.NoLine);
            }
            catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException)
            {
                broken("audit.jsonl", line);
                previous = null;
            }
        }

        return (entries, hashes);
    }

    // Over the entry as it was before its hash was added, at the end. Not over what is made of the parsed entry: its escapes are others.
    private static string HashOf(string previous, ReadOnlySpan<byte> utf8)
    {
        var end = utf8.LastIndexOf(",\"hash\":"u8);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(previous));
        hash.AppendData(end < 0 ? utf8 : utf8[..end]);
        hash.AppendData("}"u8);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static StateChange TakeReleases(JsonObject document, string name, StateChange moved, bool areEnded)
    {
        var rest = new JsonArray();
        foreach (var release in Take(document, name))
        {
            moved = TakeRelease(release, moved, areEnded);
            rest.Add(release.DeepClone());
        }

        if (!areEnded)
        {
            document[name] = rest;
        }

        return moved;
    }

    // What belongs to the release in this format and stands beside it from the second one on.
    private static StateChange TakeRelease(JsonObject release, StateChange moved, bool isEnded)
    {
        var taken = MovedFromRelease.ToDictionary(name => name, name => release[name]?.DeepClone(), StringComparer.Ordinal);
        foreach (var name in MovedFromRelease)
        {
            release.Remove(name);
        }

        var record = StateShape.Checked(Read(release, StateJson.Default.ReleaseState));
        var services = record.Services.Select(service => service.Name).ToImmutableList();
        var events = ((taken["events"] as JsonArray) ?? []).OfType<JsonObject>().Select(entry => new EventRecord(
            (long?)entry["sequence"] ?? 0, (DateTimeOffset?)entry["at"] ?? record.CreatedAt, (string?)entry["type"] ?? "", record.Id, services, (string?)entry["detail"]));
        var keys = moved.Keys;
        keys = WithKey(keys, record, taken["idempotencyKey"], taken["requestHash"], record.CreatedAt);
        keys = WithKey(keys, record, taken["undoneByKey"], taken["undoneByHash"], record.CompletedAt ?? record.CreatedAt);
        return moved with
        {
            Events = moved.Events.AddRange(events),
            Keys = keys,
            Ended = isEnded ? moved.Ended.Add(record) : moved.Ended,
        };
    }

    private static ImmutableList<IdempotencyRecord> WithKey(ImmutableList<IdempotencyRecord> keys, ReleaseState release, JsonNode? key, JsonNode? hash, DateTimeOffset at) =>
        (string?)key is { } text ? keys.Add(new(release.Actor, text, (string?)hash ?? "", at, release.Id)) : keys;

    private static AuditRecord Audit(JsonObject entry)
    {
        entry.Remove("hash");
        return Read(entry, StateJson.Default.AuditRecord);
    }

    // Events of hooks were numbers.
    private static JsonObject Delivery(JsonObject delivery)
    {
        if (delivery["event"] is JsonValue value && value.TryGetValue<int>(out var number))
        {
            delivery["event"] = JsonNamingPolicy.CamelCase.ConvertName(((Configuration.HookEvent)number).ToString());
        }

        return delivery;
    }

    private static List<JsonObject> Take(JsonObject document, string name)
    {
        var entries = document[name] switch
        {
            null => [],
            JsonArray array => array.Select(entry => entry as JsonObject ?? throw new InvalidDataException($"the state's {name} have an entry that is no object")).ToList(),
            _ => throw new InvalidDataException($"the state's {name} are no list"),
        };
        document.Remove(name);
        return entries;
    }

    private static JsonObject Parse(ReadOnlySpan<byte> utf8, string what)
    {
        try
        {
            return JsonNode.Parse(utf8) as JsonObject ?? throw new InvalidDataException($"{what} is no object");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"{what} can't be read: {exception.Message}", exception);
        }
    }

    private static T Read<T>(JsonObject node, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return node.Deserialize(type) ?? throw new InvalidDataException("a record is null");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"a record can't be read: {exception.Message}", exception);
        }
    }
}

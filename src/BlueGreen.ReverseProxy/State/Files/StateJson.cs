using System.Text.Json;
using System.Text.Json.Serialization;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// How state and records are written. A member that this build does not know is refused: dropping it would lose what a newer build
/// has stored.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    WriteIndented = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false,
    Converters = [typeof(HookEventConverter), typeof(TrafficKeyKindConverter)])]
[JsonSerializable(typeof(GatewayState))]
[JsonSerializable(typeof(JournalTails))]
[JsonSerializable(typeof(JournalEntry<AuditRecord>), TypeInfoPropertyName = "AuditLine")]
[JsonSerializable(typeof(JournalEntry<EventRecord>), TypeInfoPropertyName = "EventLine")]
[JsonSerializable(typeof(JournalEntry<ReleaseState>), TypeInfoPropertyName = "ReleaseLine")]
[JsonSerializable(typeof(JournalEntry<IdempotencyRecord>), TypeInfoPropertyName = "KeyLine")]
[JsonSerializable(typeof(JournalEntry<OutboxRecord>), TypeInfoPropertyName = "OutboxLine")]
[JsonSerializable(typeof(AuditSeal))]
[JsonSerializable(typeof(StateExport))]
internal sealed partial class StateJson : JsonSerializerContext;

/// <summary>How headers and places are read: from any build, so with members that this one does not know.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StateHeader))]
[JsonSerializable(typeof(JournalPlace))]
internal sealed partial class StatePlaces : JsonSerializerContext;

internal sealed class HookEventConverter() : JsonStringEnumConverter<HookEvent>(JsonNamingPolicy.CamelCase);

internal sealed class TrafficKeyKindConverter() : JsonStringEnumConverter<TrafficKeyKind>(JsonNamingPolicy.CamelCase);

/// <summary>The first line of the state file.</summary>
/// <param name="Format">The format's version.</param>
/// <param name="Revision">The state's revision.</param>
/// <param name="Length">How many bytes follow the line.</param>
/// <param name="Sha256">Their SHA-256, hexadecimal.</param>
internal sealed record StateHeader(int Format, long Revision, long Length, string Sha256)
{
    /// <summary>The oldest format whose readers understand this one; the format itself where it is missing.</summary>
    public int? Reads { get; init; }

    /// <summary>The build that wrote it, for people.</summary>
    public string? Build { get; init; }
}

/// <summary>The third line of the state file: lines that are committed and may not be on the disk in their journals.</summary>
/// <param name="Pending">The lines, oldest first.</param>
internal sealed record JournalTails(IReadOnlyList<PendingLine> Pending);

/// <summary>A line that a journal may not have on the disk yet.</summary>
/// <param name="Journal">The journal's name.</param>
/// <param name="Line">The raw line.</param>
internal sealed record PendingLine(string Journal, string Line);

/// <summary>One change of the outbox: one of the three.</summary>
/// <param name="Add">A call to be made.</param>
/// <param name="Remove">The id of a call that was answered, given up or dropped.</param>
/// <param name="Withdraw">Calls that must not be made any more.</param>
internal sealed record OutboxRecord(HookDelivery? Add = null, string? Remove = null, Withdrawal? Withdraw = null);

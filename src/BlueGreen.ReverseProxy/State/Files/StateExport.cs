using System.Collections.Immutable;
using System.Text.Json;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>State and living records as one document, to move them to another folder or to another build.</summary>
/// <param name="Export">The version of this document's format.</param>
/// <param name="Build">The build that wrote it.</param>
/// <param name="At">When (UTC).</param>
/// <param name="State">The state.</param>
/// <param name="Ended">The ended releases that can be asked for, oldest first.</param>
/// <param name="Keys">The idempotency keys that are still known.</param>
/// <param name="Outbox">Hook calls that are still to be made.</param>
/// <param name="AuditHash">The SHA-256 of the newest audit line, which the next one repeats.</param>
internal sealed record StateExport(
    int Export,
    string Build,
    DateTimeOffset At,
    GatewayState State,
    ImmutableList<ReleaseState> Ended,
    ImmutableList<IdempotencyRecord> Keys,
    ImmutableList<HookDelivery> Outbox,
    string AuditHash)
{
    /// <summary>What this build writes and reads.</summary>
    public const int Version = 1;

    /// <summary>The raw lines of the audit, oldest first; null without the journals.</summary>
    public ImmutableList<string>? AuditLines { get; init; }

    /// <summary>The raw lines of the events, oldest first; null without the journals.</summary>
    public ImmutableList<string>? EventLines { get; init; }

    public byte[] Write() => [.. JsonSerializer.SerializeToUtf8Bytes(this, StateJson.Default.StateExport), (byte)'\n'];

    /// <exception cref="InvalidDataException">It is no export, or one of another version.</exception>
    public static StateExport Read(byte[] utf8)
    {
        if (VersionOf(utf8) is var version and not Version)
        {
            throw new InvalidDataException(version is null ? "it is no export of a state" : $"it is an export of version {version}; this build reads version {Version}");
        }

        var export = StateDocument.Deserialize(utf8, StateJson.Default.StateExport, "the export");
        return export.State is null || export.AuditHash is null
            ? throw new InvalidDataException("the export has no state")
            : export with
            {
                State = StateShape.Checked(export.State),
                Ended = [.. StateShape.WithoutNull(export.Ended, "ended").Select(StateShape.Checked)],
                Keys = [.. StateShape.WithoutNull(export.Keys, "keys")],
                Outbox = [.. StateShape.WithoutNull(export.Outbox, "outbox")],
            };
    }

    private static int? VersionOf(byte[] utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("export", out var version) && version.TryGetInt32(out var number) ? number : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"it can't be read: {exception.Message}", exception);
        }
    }
}

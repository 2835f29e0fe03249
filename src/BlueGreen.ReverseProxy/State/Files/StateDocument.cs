using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>What a state file holds.</summary>
/// <param name="Format">The format that it was read from.</param>
/// <param name="State">The state.</param>
/// <param name="Pending">The lines that the journals may not have yet.</param>
internal sealed record StateContent(int Format, GatewayState State, ImmutableList<PendingLine> Pending)
{
    /// <summary>What a document of the first format carried that stands beside the state now; null for later formats.</summary>
    public StateChange? Moved { get; init; }

    public StateHeader? Header { get; init; }
}

/// <summary>The file is whole, and another build wrote it: this one can't read it.</summary>
internal sealed class OtherBuildException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The state file's three lines: a header with the checksum, the state, and lines for the journals. All are JSON, so that
/// <c>jq . state.json</c> shows them.
/// </summary>
internal static class StateDocument
{
    /// <summary>What this build writes.</summary>
    public const int Format = 2;

    private const byte LineFeed = (byte)'\n';

    /// <summary>This build's version, for people.</summary>
    public static readonly string Build =
        typeof(StateDocument).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static byte[] Write(GatewayState state, ImmutableList<PendingLine> pending)
    {
        byte[] body =
        [
            .. JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.GatewayState),
            LineFeed,
            .. JsonSerializer.SerializeToUtf8Bytes(new JournalTails(pending), StateJson.Default.JournalTails),
            LineFeed,
        ];
        var header = JsonSerializer.SerializeToUtf8Bytes(
            new StateHeader(Format, state.Revision, body.Length, Convert.ToHexStringLower(SHA256.HashData(body))) { Reads = Format, Build = Build },
            StatePlaces.Default.StateHeader);
        return [.. header, LineFeed, .. body];
    }

    /// <summary>Reads a state file whole, or says why it can't be trusted.</summary>
    /// <exception cref="InvalidDataException">The file is cut off or altered.</exception>
    /// <exception cref="OtherBuildException">Another build wrote it, and this one can't read it.</exception>
    public static StateContent Read(ReadOnlySpan<byte> bytes)
    {
        var header = ReadHeader(bytes, out var body);
        if ((header.Reads ?? header.Format) > Format)
        {
            throw new OtherBuildException(
                $"it has format {header.Format}{(header.Build is null ? "" : $", written by build {header.Build}")}; this build reads up to format {Format}");
        }

        Check(header, body, header.Format == FormatOne.Format ? header.Length + 1 : header.Length);
        var content = Understand(header, body);
        return content.State.Revision == header.Revision
            ? content with { Header = header }
            : throw new InvalidDataException($"the header speaks of revision {header.Revision}, the state is revision {content.State.Revision}");
    }

    // The checksum is right, so nothing has damaged what can't be understood here: it is somebody's acknowledged state.
    private static StateContent Understand(StateHeader header, ReadOnlySpan<byte> body)
    {
        try
        {
            return header.Format == FormatOne.Format ? FormatOne.Read(body) : ReadBody(header, body);
        }
        catch (InvalidDataException exception)
        {
            throw new OtherBuildException($"its checksum is right, but {exception.Message}", exception);
        }
    }

    private static StateContent ReadBody(StateHeader header, ReadOnlySpan<byte> body)
    {
        var end = body.IndexOf(LineFeed);
        if (end < 0 || end == body.Length - 1 || body[(end + 1)..].IndexOf(LineFeed) != body.Length - end - 2)
        {
            throw new InvalidDataException("a line is missing, or there is one too many");
        }

        var state = Deserialize(body[..end], StateJson.Default.GatewayState, "the state");
        var tails = Deserialize(body[(end + 1)..^1], StateJson.Default.JournalTails, "the third line");
        return new StateContent(header.Format, StateShape.Checked(state), [.. StateShape.WithoutNull(tails.Pending, "pending")]);
    }

    /// <summary>Reads the header alone.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static StateHeader ReadHeader(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> body)
    {
        var end = bytes.IndexOf(LineFeed);
        if (end < 0)
        {
            throw new InvalidDataException("the header line is missing");
        }

        body = bytes[(end + 1)..];
        return Deserialize(bytes[..end], StatePlaces.Default.StateHeader, "the header");
    }

    /// <summary>Compares what follows the header with what the header says of it.</summary>
    public static void Check(StateHeader header, ReadOnlySpan<byte> body, long length)
    {
        if (body.Length != length || body.IsEmpty || body[^1] != LineFeed)
        {
            throw new InvalidDataException($"{Counted.Of(body.Length, "byte")} {(body.Length == 1 ? "follows" : "follow")} the header, {length} {(length == 1 ? "was" : "were")} written");
        }

        // Before format 2 the last line feed was no part of what is summed up.
        var summed = header.Format == FormatOne.Format ? body[..^1] : body;
        if (!string.Equals(Convert.ToHexStringLower(SHA256.HashData(summed)), header.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException("the checksum does not match");
        }
    }

    public static T Deserialize<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new InvalidDataException($"{what} is null");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{what} can't be read: {exception.Message}", exception);
        }
    }
}

using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace BlueGreen.ReverseProxy.State;

/// <summary>
/// The state file's two lines: a header with the checksum, and the state. Both are JSON, so that <c>jq . state.json</c> shows them.
/// </summary>
internal static class StateDocument
{
    private const int Format = 1;
    private const byte LineFeed = (byte)'\n';

    public static byte[] Write(GatewayState state)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.GatewayState);
        var header = JsonSerializer.SerializeToUtf8Bytes(
            new StateHeader(Format, state.Revision, body.Length, Convert.ToHexStringLower(SHA256.HashData(body))),
            StateJson.Default.StateHeader);
        return [.. header, LineFeed, .. body, LineFeed];
    }

    /// <summary>Reads a state file whole, or says why it can't be trusted.</summary>
    /// <exception cref="InvalidDataException">The file is cut off, altered, or of another format.</exception>
    public static GatewayState Read(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf(LineFeed);
        if (end < 0)
        {
            throw new InvalidDataException("the header line is missing");
        }

        var header = Deserialize(bytes[..end], static span => JsonSerializer.Deserialize(span, StateJson.Default.StateHeader), "the header");
        if (header.Format != Format)
        {
            throw new InvalidDataException($"format {header.Format} is not known to this version, which writes format {Format}");
        }

        var body = bytes[(end + 1)..];
        if (body.Length != header.Length + 1 || body[^1] != LineFeed)
        {
            throw new InvalidDataException($"{body.Length} bytes follow the header, {header.Length + 1} were written");
        }

        body = body[..^1];
        if (!string.Equals(Convert.ToHexStringLower(SHA256.HashData(body)), header.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException("the checksum does not match");
        }

        var state = Deserialize(body, static span => JsonSerializer.Deserialize(span, StateJson.Default.GatewayState), "the state");

        return state.Revision == header.Revision
            ? WithComparers(state)
            : throw new InvalidDataException($"the header speaks of revision {header.Revision}, the state is revision {state.Revision}");
    }

    // The serializer makes dictionaries with the default comparer; names and ids are compared without regard to case.
    private static GatewayState WithComparers(GatewayState state) => state with
    {
        Services = state.Services.ToImmutableSortedDictionary(
            service => service.Key,
            service => service.Value with { Blue = WithComparers(service.Value.Blue), Green = WithComparers(service.Value.Green) },
            StringComparer.OrdinalIgnoreCase),
        Running = [.. state.Running.Select(WithComparers)],
        JustEnded = [.. state.JustEnded.Select(WithComparers)],
    };

    private static Deployment? WithComparers(Deployment? deployment) =>
        deployment is null ? null : deployment with { Destinations = deployment.Destinations.ToImmutableSortedDictionary(StringComparer.OrdinalIgnoreCase) };

    private static ReleaseState WithComparers(ReleaseState release) =>
        release with { Versions = release.Versions.ToImmutableSortedDictionary(StringComparer.OrdinalIgnoreCase) };

    private static T Deserialize<T>(ReadOnlySpan<byte> bytes, SpanReader<T> read, string what)
        where T : class
    {
        try
        {
            return read(bytes) ?? throw new InvalidDataException($"{what} is null");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{what} can't be read: {exception.Message}", exception);
        }
    }

    private delegate T? SpanReader<T>(ReadOnlySpan<byte> bytes);
}

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

    // The serializer makes dictionaries with the default comparer; names and ids are compared without regard to case. It also lets
    // a null into a list or dictionary of things that are never null, and leaves one null that is not there at all.
    private static GatewayState WithComparers(GatewayState state) => state with
    {
        Services = IgnoringCase(state.Services, "services", service => service with { KnownBad = WithoutNull(service.KnownBad, "knownBad"), Blue = WithComparers(service.Blue), Green = WithComparers(service.Green) }),
        Running = WithComparers(state.Running, "running"),
        JustEnded = WithComparers(state.JustEnded, "justEnded"),
        Outbox = WithoutNull(state.Outbox, "outbox"),
        JustAudited = WithoutNull(state.JustAudited, "justAudited"),
    };

    private static Deployment? WithComparers(Deployment? deployment) => deployment is null
        ? null
        : deployment with { Destinations = IgnoringCase(deployment.Destinations, "destinations", destination => destination) };

    private static ImmutableList<ReleaseState> WithComparers(ImmutableList<ReleaseState> releases, string where) =>
    [
        .. WithoutNull(releases, where).Select(release => release with
        {
            Services = WithoutNull(release.Services, "services"),
            Gates = WithoutNull(release.Gates, "gates"),
            Events = WithoutNull(release.Events, "events"),
            Versions = IgnoringCase(release.Versions, "versions", version => version),

            // 1e999 is read as infinity, which can't be written again, and no timer takes.
            DrainSeconds = Finite(release.DrainSeconds),
            BakeSeconds = Finite(release.BakeSeconds),
        }),
    ];

    private static ImmutableSortedDictionary<string, T> IgnoringCase<T>(ImmutableSortedDictionary<string, T> entries, string where, Func<T, T> change)
        where T : class
    {
        if (entries is null)
        {
            throw new InvalidDataException($"the state's {where} are missing");
        }

        var builder = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in entries)
        {
            if (value is null || builder.ContainsKey(key))
            {
                throw new InvalidDataException($"the state's {where} have {(value is null ? "nothing under a name" : "a name twice")}");
            }

            builder.Add(key, change(value));
        }

        return builder.ToImmutable();
    }

    private static double Finite(double seconds) => double.IsFinite(seconds) ? seconds : throw new InvalidDataException("a duration in the state is infinite");

    private static ImmutableList<T> WithoutNull<T>(ImmutableList<T> entries, string where)
        where T : class => entries is null || entries.Contains(null!) ? throw new InvalidDataException($"the state's {where} are missing, or one of them is null") : entries;

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

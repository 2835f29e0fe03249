using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>One line of a journal: a record with its place. The raw bytes are what is hashed, so a reader need not understand them.</summary>
/// <typeparam name="T">The record.</typeparam>
/// <param name="Number">+1 from line to line of one journal.</param>
/// <param name="Revision">The state's revision that the line was committed with.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Previous">The SHA-256 of the line before, hexadecimal; only in the audit.</param>
/// <param name="Record">What is recorded.</param>
internal sealed record JournalEntry<T>(
    [property: JsonPropertyName("n")] long Number, long Revision, DateTimeOffset At, string? Previous, T Record);

/// <summary>The raw line of a <see cref="JournalEntry{T}"/>, without its line feed.</summary>
internal sealed record JournalLine(long Number, long Revision, DateTimeOffset At, string? Previous, byte[] Utf8)
{
    private string? _hash;

    /// <summary>What the first line of an audit follows.</summary>
    public static string NoLine { get; } = new('0', SHA256.HashSizeInBytes * 2);

    /// <summary>The SHA-256 of the raw line; made when it is first asked for, for a start reads thousands of lines and asks for few.</summary>
    public string Hash => _hash ??= Convert.ToHexStringLower(SHA256.HashData(Utf8));

    public static JournalLine Of<T>(JournalEntry<T> entry, JsonTypeInfo<JournalEntry<T>> type) =>
        new(entry.Number, entry.Revision, entry.At, entry.Previous, JsonSerializer.SerializeToUtf8Bytes(entry, type));

    /// <summary>Reads a line's place; null for what is no line of a journal.</summary>
    public static JournalLine? TryParse(byte[] utf8)
    {
        try
        {
            var place = JsonSerializer.Deserialize(utf8, StatePlaces.Default.JournalPlace);
            return place is { Number: > 0 } ? new(place.Number, place.Revision, place.At, place.Previous, utf8) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads the record.</summary>
    /// <exception cref="InvalidDataException">It is none of this build's.</exception>
    public T Read<T>(JsonTypeInfo<JournalEntry<T>> type)
    {
        try
        {
            return JsonSerializer.Deserialize(Utf8, type) is { Record: { } record } ? record : throw new InvalidDataException($"line {Number} has no record");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"line {Number} can't be read: {exception.Message}", exception);
        }
    }
}

/// <summary>The place of a line, whatever its record is.</summary>
internal sealed record JournalPlace([property: JsonPropertyName("n")] long Number, long Revision, DateTimeOffset At, string? Previous);

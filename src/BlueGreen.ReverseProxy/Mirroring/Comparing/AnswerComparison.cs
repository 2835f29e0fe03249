using System.Globalization;
using System.Text.Json;

namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>Finds where two answers to the same request differ. Pure.</summary>
internal static class AnswerComparison
{
    public const string Status = "status";
    public const string Body = "body";
    public const string Header = "header:";

    // How much longer a decoded body may be than the limit of what is kept.
    private const int Expansion = 4;

    private static readonly JsonDocumentOptions Lenient = new() { MaxDepth = 64, CommentHandling = JsonCommentHandling.Disallow };

    /// <summary>Compares.</summary>
    /// <param name="left">The active slot's answer.</param>
    /// <param name="right">The other one.</param>
    /// <param name="settings">What is compared.</param>
    /// <param name="limit">How much of a body is kept, in bytes.</param>
    /// <returns>At most one difference for each place.</returns>
    public static IReadOnlyList<Difference> Find(MirrorAnswer left, MirrorAnswer right, CompareSettings settings, int limit)
    {
        // No whole answer: there is nothing else to compare.
        if (right.Failure is { } failure)
        {
            return [new(Status, Text(left.Status), failure)];
        }

        // An error has another body than an answer: one difference, and not all fields of both.
        if (left.Status != right.Status)
        {
            return [new(Status, Text(left.Status), Text(right.Status))];
        }

        var found = new List<Difference>();
        foreach (var name in settings.Headers)
        {
            var (one, other) = (left.Headers.GetValueOrDefault(name), right.Headers.GetValueOrDefault(name));
            if (!string.Equals(one, other, StringComparison.Ordinal))
            {
                var path = $"{Header}{name}";
                found.Add(new(path, Redaction.Show(path, one), Redaction.Show(path, other)));
            }
        }

        found.AddRange(OfBodies(left, right, settings, limit * Expansion));
        return found;
    }

    /// <summary>Whether the bodies of two answers can be compared.</summary>
    public static bool AreBodiesKept(MirrorAnswer left, MirrorAnswer right) => !left.Body.IsTooLarge && !right.Body.IsTooLarge;

    private static IEnumerable<Difference> OfBodies(MirrorAnswer left, MirrorAnswer right, CompareSettings settings, int limit)
    {
        if (!AreBodiesKept(left, right))
        {
            return [];
        }

        var (one, other) = (Decode(left, limit), Decode(right, limit));
        if (one is null || other is null)
        {
            // Not to be decoded: as it was sent, if the coding is the same.
            return CodingOf(left) == CodingOf(right) && left.Body.Bytes.Span.SequenceEqual(right.Body.Bytes.Span) ? [] : [OfBytes(left.Body.Bytes, right.Body.Bytes)];
        }

        if (one.Value.Span.SequenceEqual(other.Value.Span))
        {
            return [];
        }

        // One of them is enough: where only the type has changed, the fields have not.
        return (IsJson(left) || IsJson(right)) && TryParse(one.Value, out var first) && TryParse(other.Value, out var second)
            ? TryCompare(first!, second!, settings) ?? [OfBytes(one.Value, other.Value)]
            : [OfBytes(one.Value, other.Value)];
    }

    // Null where a text in them is none: bytes that are not UTF-8, or an escape of half a character. The parser lets both pass.
    private static IReadOnlyList<Difference>? TryCompare(JsonDocument left, JsonDocument right, CompareSettings settings)
    {
        using (left)
        using (right)
        {
            try
            {
                return JsonComparison.Find(left.RootElement, right.RootElement, settings);
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }
    }

    private static bool TryParse(ReadOnlyMemory<byte> body, out JsonDocument? document)
    {
        try
        {
            document = JsonDocument.Parse(body, Lenient);
            return true;
        }
        catch (JsonException)
        {
            document = null;
            return false;
        }
    }

    // What a body holds is nobody's to see: any part of it may be a secret.
    private static Difference OfBytes(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right) => new(Body, Describe(left), Describe(right));

    private static string Describe(ReadOnlyMemory<byte> body) =>
        string.Create(CultureInfo.InvariantCulture, $"({body.Length} bytes, SHA-256 {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body.Span))[..12]})");

    private static ReadOnlyMemory<byte>? Decode(MirrorAnswer answer, int limit) => BodyDecoder.Decode(answer.Body.Bytes, CodingOf(answer), limit);

    private static string? CodingOf(MirrorAnswer answer) => answer.Headers.GetValueOrDefault("Content-Encoding");

    private static bool IsJson(MirrorAnswer answer)
    {
        var type = (answer.Headers.GetValueOrDefault("Content-Type") ?? "").AsSpan();
        var end = type.IndexOf(';');
        type = (end < 0 ? type : type[..end]).Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);
}

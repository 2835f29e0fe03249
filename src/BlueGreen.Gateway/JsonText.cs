using System.Text;
using System.Text.Json;

namespace BlueGreen.Gateway;

/// <summary>Where a configuration file is wrong, and how. Lines and columns count from 1.</summary>
internal sealed record JsonFault(int Line, int Column, string What)
{
    public override string ToString() => $"{What} (line {Line}, column {Column})";
}

/// <summary>
/// Looks through the text of a configuration file: whether it is JSON, whether it is one object, and whether a key is there twice. The
/// framework's parser says less: no place for what is no JSON, and of two sections with the same name it makes one.
/// </summary>
/// <remarks>Comments and commas at the end of a list are taken, as the framework's parser takes them.</remarks>
internal sealed class JsonText
{
    private static readonly JsonReaderOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly byte[] _bytes;

    // Of each object that is open: the names in it, and where it began. Of a list: no names.
    private readonly Stack<(Dictionary<string, long>? Names, long Start)> _open = new();

    private readonly bool _isNamedYaml;

    private JsonText(byte[] bytes, bool isNamedYaml)
    {
        _bytes = bytes;
        _isNamedYaml = isNamedYaml;
    }

    /// <summary>The first fault; null for none.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="extension">How its name ends: of a YAML file that is no JSON there is nothing better to say.</param>
    public static JsonFault? Find(byte[] bytes, string extension)
    {
        // As the framework reads it: the mark at the beginning says which encoding it is.
        using var reader = new StreamReader(new MemoryStream(bytes, writable: false), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return new JsonText(Encoding.UTF8.GetBytes(reader.ReadToEnd()), extension is ".yaml" or ".yml").Find();
    }

    private JsonFault? Find()
    {
        var reader = new Utf8JsonReader(_bytes, Options);
        try
        {
            while (reader.Read())
            {
                if (Look(ref reader) is { } fault)
                {
                    return fault;
                }
            }

            return null;
        }
        catch (JsonException exception)
        {
            return Explain(exception);
        }
    }

    private JsonFault? Look(ref Utf8JsonReader reader)
    {
        if (reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject))
        {
            return At(reader.TokenStartIndex, "is not JSON that can be used: a configuration is one object, { … }");
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                _open.Push((new(StringComparer.OrdinalIgnoreCase), reader.TokenStartIndex));
                return null;
            case JsonTokenType.StartArray:
                _open.Push((null, reader.TokenStartIndex));
                return null;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                _open.Pop();
                return null;
            case JsonTokenType.PropertyName:
                var name = reader.GetString()!;
                var names = _open.Peek().Names!;
                if (names.TryAdd(name, reader.TokenStartIndex))
                {
                    return null;
                }

                var first = Place(names[name]);
                return At(reader.TokenStartIndex, $"has the key \"{name}\" a second time; the first is in line {first.Line}, column {first.Column} (upper and lower case are the same)");
            default:
                return null;
        }
    }

    private JsonFault Explain(JsonException exception)
    {
        if (_isNamedYaml || LooksLikeYaml())
        {
            return new JsonFault(1, 1, "is not JSON: this looks like YAML; the gateway reads JSON");
        }

        var place = LineStart((int)(exception.LineNumber ?? 0)) + (exception.BytePositionInLine ?? 0);
        if (place >= _bytes.Length && _open.TryPeek(out var open))
        {
            var (line, column) = Place(open.Start);
            return At(_bytes.Length, $"is not JSON: the file ends too early, the {(open.Names is null ? "[" : "{")} of line {line}, column {column} is not closed");
        }

        // The reader puts the place behind the sentence, counted from 0 and in bytes.
        return At(place, $"is not JSON: {exception.Message.Split(" LineNumber:", 2)[0]}");
    }

    // "key: value", "- item" or "---" where JSON begins with a bracket.
    private bool LooksLikeYaml()
    {
        foreach (var line in Encoding.UTF8.GetString(_bytes).Split('\n').Select(line => line.TrimEnd()))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                var end = line.IndexOf(':', StringComparison.Ordinal);
                return line == "---" || line.StartsWith("- ", StringComparison.Ordinal)
                    || (end > 0 && (end == line.Length - 1 || line[end + 1] == ' ') && line[..end].All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'));
            }
        }

        return false;
    }

    private JsonFault At(long index, string what)
    {
        var (line, column) = Place(index);
        return new JsonFault(line, column, what);
    }

    private (int Line, int Column) Place(long index)
    {
        var before = _bytes.AsSpan(0, (int)Math.Min(index, _bytes.Length));
        var line = before.Count((byte)'\n');
        return (line + 1, Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1);
    }

    private long LineStart(int line)
    {
        var start = 0;
        for (; line > 0; line--)
        {
            start += _bytes.AsSpan(start).IndexOf((byte)'\n') + 1;
        }

        return start;
    }
}

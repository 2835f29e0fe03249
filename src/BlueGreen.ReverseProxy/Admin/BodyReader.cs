using System.Globalization;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>
/// Reads the fields of a JSON body and collects everything that is wrong with them; the serializer would stop at the first bad
/// field, and the caller would learn of the second one at the next try.
/// </summary>
internal sealed class BodyReader
{
    private readonly Dictionary<string, string[]> _errors;
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    // What was read, by the whole name of the field: the same for every way to write the same request.
    private readonly SortedDictionary<string, string> _read;
    private readonly string _prefix;

    public BodyReader(JsonElement? body)
        : this(body, "", new(StringComparer.Ordinal), new(StringComparer.Ordinal))
    {
    }

    private BodyReader(JsonElement? body, string prefix, Dictionary<string, string[]> errors, SortedDictionary<string, string> read)
    {
        _prefix = prefix;
        _errors = errors;
        _read = read;
        if (body is not { } element)
        {
            return;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            Fail("", "must be a JSON object");
            return;
        }

        foreach (var property in element.EnumerateObject())
        {
            _fields[property.Name] = property.Value;
        }
    }

    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    /// <summary>
    /// What was read so far, in one form for every way to write it: the order of fields, white space, escapes and fields that say no more
    /// than their absence make no difference.
    /// </summary>
    public string Canonical => JsonSerializer.Serialize(_read);

    public string? Text(string name, int maxLength)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        if (text is null || text.Length > maxLength || !OneLine.IsOne(text))
        {
            Fail(name, $"must be a text of at most {maxLength} characters, without line breaks and other control characters");
            return null;
        }

        return Note(name, text);
    }

    /// <summary>A text that says something where it is there. One of nothing but blanks is a variable that a script has not set.</summary>
    public string? NonBlankText(string name, int maxLength)
    {
        var text = Text(name, maxLength);
        if (text is null || !string.IsNullOrWhiteSpace(text))
        {
            return text;
        }

        Fail(name, "must not be empty; leave it out where there is none");
        return null;
    }

    public bool? Boolean(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return Note(name, value.GetBoolean());
        }

        Fail(name, "must be true or false");
        return null;
    }

    public double? Number(string name, double min, double max, string what = "a number of seconds")
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max)
        {
            _read[_prefix + name] = number.ToString("R", CultureInfo.InvariantCulture);
            return number;
        }

        Fail(name, $"must be {what} from {min} to {max}");
        return null;
    }

    public int? WholeNumber(string name, int min, int max, string what = "a whole number of seconds")
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max)
        {
            _read[_prefix + name] = number.ToString(CultureInfo.InvariantCulture);
            return number;
        }

        Fail(name, $"must be {what} from {min} to {max}");
        return null;
    }

    /// <summary>One of several words.</summary>
    public string? Word(string name, params ReadOnlySpan<string> allowed)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && allowed.Contains(value.GetString()))
        {
            return Note(name, value.GetString()!);
        }

        Fail(name, $"must be \"{string.Join("\" or \"", allowed)}\"");
        return null;
    }

    /// <summary>A field that is an object; null where it is not there. Call <see cref="RejectUnknown"/> of what is returned.</summary>
    public BodyReader? Object(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        // That it is there says something, also where nothing is in it.
        _read[_prefix + name] = "{}";
        return new BodyReader(value, $"{_prefix}{name}.", _errors, _read);
    }

    /// <summary>The field is known, although it is not read this time.</summary>
    public void Expect(string name) => _known.Add(name);

    /// <summary>Whether a field is there, whatever it holds.</summary>
    public bool Has(string name) => _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public SlotName? Slot(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && SlotNames.TryParse(value.GetString(), out var slot))
        {
            _read[_prefix + name] = slot.ToText();
            return slot;
        }

        Fail(name, "must be \"blue\" or \"green\"");
        return null;
    }

    public PreviewSlot? PreviewSlot(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && PreviewSlots.TryParse(value.GetString(), out var slot))
        {
            _read[_prefix + name] = slot.ToText();
            return slot;
        }

        Fail(name, "must be \"standby\", \"blue\" or \"green\"");
        return null;
    }

    /// <summary>A list of names that is not empty and names nothing twice. Neither case nor order makes a difference.</summary>
    public IReadOnlyList<string> TextList(string name)
    {
        if (Find(name) is not { } value)
        {
            Fail(name, "is missing");
            return [];
        }

        List<string> texts = value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : [];
        if (texts.Count == 0
            || texts.Count != value.GetArrayLength()
            || texts.Distinct(StringComparer.OrdinalIgnoreCase).Count() != texts.Count)
        {
            Fail(name, "must be a list of at least one text, none of them twice");
            return [];
        }

        _read[_prefix + name] = JsonSerializer.Serialize(texts.Select(text => text.ToUpperInvariant()).Order(StringComparer.Ordinal));
        return texts;
    }

    /// <summary>The fields of an object of objects, such as destinations by id.</summary>
    public IEnumerable<(string Key, BodyReader Reader)> Map(string name)
    {
        if (Find(name) is not { } value)
        {
            Fail(name, "is missing");
            yield break;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            Fail(name, "must be an object");
            yield break;
        }

        foreach (var property in value.EnumerateObject())
        {
            yield return (property.Name, new BodyReader(property.Value, $"{_prefix}{name}.{property.Name}.", _errors, _read));
        }
    }

    /// <summary>Takes a switch into <see cref="Canonical"/>, wherever in the request it was; being off is the same as not being there.</summary>
    public bool Note(string name, bool value)
    {
        if (value)
        {
            _read[_prefix + name] = "true";
        }

        return value;
    }

    /// <summary>Takes a number into <see cref="Canonical"/> that was not in the body.</summary>
    public void Note(string name, int value) => _read[_prefix + name] = value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The entries of a list of objects; null where it is not there.</summary>
    public IReadOnlyList<BodyReader>? Objects(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            Fail(name, "must be a list of objects");
            return null;
        }

        return [.. value.EnumerateArray().Select((item, index) => new BodyReader(item, $"{_prefix}{name}[{index}].", _errors, _read))];
    }

    public void Fail(string name, string message)
    {
        var key = name.Length == 0 ? (_prefix.Length == 0 ? "body" : _prefix.TrimEnd('.')) : _prefix + name;
        _errors[key] = [.. _errors.GetValueOrDefault(key, []), message];
    }

    /// <summary>Call when everything that may be there has been read.</summary>
    public void RejectUnknown()
    {
        foreach (var name in _fields.Keys.Where(name => !_known.Contains(name)))
        {
            Fail(name, _known.Count == 0 ? "is not a known field; there are none" : $"is not a known field; known are {string.Join(", ", _known.Order(StringComparer.Ordinal))}");
        }
    }

    private string Note(string name, string text)
    {
        _read[_prefix + name] = JsonSerializer.Serialize(text);
        return text;
    }

    private JsonElement? Find(string name)
    {
        _known.Add(name);
        return _fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }
}

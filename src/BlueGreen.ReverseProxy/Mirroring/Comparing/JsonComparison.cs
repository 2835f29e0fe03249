using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>Finds where two JSON documents differ: by structure, whatever the order of fields, white space, escapes and the way to write a number.</summary>
internal sealed class JsonComparison(CompareSettings settings)
{
    // Documents that have nothing in common would fill the report with one request.
    private const int MostDifferences = 50;

    // Dividing by it takes the zeros off a decimal's end.
    private const decimal One = 1.0000000000000000000000000000m;

    private readonly List<Difference> _found = [];
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);

    public static IReadOnlyList<Difference> Find(JsonElement left, JsonElement right, CompareSettings settings)
    {
        var comparison = new JsonComparison(settings);
        comparison.Compare(new("$", "$"), left, right);
        return comparison._found;
    }

    private void Compare(Place path, JsonElement left, JsonElement right)
    {
        if (_found.Count >= MostDifferences || settings.IsIgnored(path.Real))
        {
            return;
        }

        if (KindOf(left) != KindOf(right))
        {
            Add(path.Shown, Redaction.Show(path.Real, left), Redaction.Show(path.Real, right));
        }
        else if (left.ValueKind == JsonValueKind.Object)
        {
            CompareObjects(path, left, right);
        }
        else if (left.ValueKind == JsonValueKind.Array)
        {
            CompareArrays(path, left, right);
        }
        else if (!AreEqual(left, right))
        {
            Add(path.Shown, Redaction.Show(path.Real, left), Redaction.Show(path.Real, right));
        }
    }

    private void CompareObjects(Place path, JsonElement left, JsonElement right)
    {
        var (ofLeft, ofRight) = (new Fields(left), new Fields(right));
        foreach (var field in left.EnumerateObject())
        {
            if (!ofRight.TryGet(field.Name, out var other))
            {
                AddMissing(path.Field(field.Name), field.Value, isLeft: true);
            }
            else if (!AreSameText(field.Value, other) && ofLeft.TryGet(field.Name, out var last))
            {
                // Of fields with the same name, the last one counts on both sides.
                Compare(path.Field(field.Name), last, other);
            }
        }

        foreach (var field in right.EnumerateObject())
        {
            if (!ofLeft.TryGet(field.Name, out _))
            {
                AddMissing(path.Field(field.Name), field.Value, isLeft: false);
            }
        }
    }

    private void CompareArrays(Place path, JsonElement left, JsonElement right)
    {
        if (settings.Sets.Contains(path.Real, StringComparer.Ordinal))
        {
            if (!Canonical(left).SequenceEqual(Canonical(right), StringComparer.Ordinal))
            {
                Add(path.Shown, $"({left.GetArrayLength()} elements)", $"({right.GetArrayLength()} elements)");
            }

            return;
        }

        var (first, second) = (left.GetArrayLength(), right.GetArrayLength());
        if (first != second)
        {
            Add($"{path.Shown}.length", first.ToString(CultureInfo.InvariantCulture), second.ToString(CultureInfo.InvariantCulture));
        }

        var elements = path.Elements();
        foreach (var (one, other) in left.EnumerateArray().Zip(right.EnumerateArray()))
        {
            if (!AreSameText(one, other))
            {
                Compare(elements, one, other);
            }
        }
    }

    // Most of two answers is the same to the byte. To look for differences in it costs a long document a path for each of its values.
    private static bool AreSameText(JsonElement left, JsonElement right) => JsonMarshal.GetRawUtf8Value(left).SequenceEqual(JsonMarshal.GetRawUtf8Value(right));

    private void AddMissing(Place path, JsonElement value, bool isLeft)
    {
        if (!settings.IsIgnored(path.Real))
        {
            var shown = Redaction.Show(path.Real, value);
            Add(path.Shown, isLeft ? shown : Redaction.Missing, isLeft ? Redaction.Missing : shown);
        }
    }

    // Once per pair of answers: a request counts as one, however many elements an array has.
    private void Add(string path, string left, string right)
    {
        if (_found.Count < MostDifferences && _paths.Add(path))
        {
            _found.Add(new(path, left, right));
        }
    }

    private static JsonValueKind KindOf(JsonElement value) => value.ValueKind == JsonValueKind.False ? JsonValueKind.True : value.ValueKind;

    private static bool AreEqual(JsonElement left, JsonElement right) => left.ValueKind switch
    {
        JsonValueKind.String => left.ValueEquals(right.GetString()),
        JsonValueKind.Number => left.GetRawText() == right.GetRawText()
            || (left.TryGetDecimal(out var one) && right.TryGetDecimal(out var other) && one == other),
        _ => left.ValueKind == right.ValueKind,
    };

    // The same text for equal elements, whatever the order of their fields.
    private static IEnumerable<string> Canonical(JsonElement array) => array.EnumerateArray().Select(Text).Order(StringComparer.Ordinal);

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(',', value.EnumerateObject().OrderBy(field => field.Name, StringComparer.Ordinal).Select(field => $"{JsonSerializer.Serialize(field.Name)}:{Text(field.Value)}"))}}}",
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Text))}]",
        JsonValueKind.String => JsonSerializer.Serialize(value.GetString()),
        JsonValueKind.Number when value.TryGetDecimal(out var number) => (number / One).ToString(CultureInfo.InvariantCulture),
        _ => value.GetRawText(),
    };

    // Names are the API's, and may be data: those of a map are as many, as long and as secret as its keys. What the order names is looked for
    // by what a place is really called, and people see the other name.
    private sealed record Place(string Real, string Shown)
    {
        // Where that is reached, everything below is one place.
        private const int LongestShown = 400;

        public Place Field(string name) => Below($".{name}", $".{Redaction.Name(Real, name)}");

        public Place Elements() => Below("[*]", "[*]");

        private Place Below(string real, string shown) => new(Real + real, Shown.Length > LongestShown ? Shown : Shown + shown);
    }

    // An element looks for a field from one end to the other: with thousands of fields, all of them together would take a good part of a second.
    private readonly struct Fields(JsonElement value)
    {
        private const int Few = 16;

        private readonly Dictionary<string, JsonElement>? _many = value.GetPropertyCount() > Few ? Index(value) : null;

        public bool TryGet(string name, out JsonElement field) => _many is null ? value.TryGetProperty(name, out field) : _many.TryGetValue(name, out field);

        // Of fields with the same name the last one, as TryGetProperty has it.
        private static Dictionary<string, JsonElement> Index(JsonElement value)
        {
            var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (var field in value.EnumerateObject())
            {
                fields[field.Name] = field.Value;
            }

            return fields;
        }
    }
}

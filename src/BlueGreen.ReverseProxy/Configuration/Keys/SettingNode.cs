namespace BlueGreen.ReverseProxy.Configuration.Keys;

/// <summary>What stands at a key of the configuration.</summary>
internal enum SettingKind
{
    /// <summary>Anything: it is not looked at.</summary>
    Any,

    /// <summary>A text; all other values are texts of a certain form.</summary>
    Text,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A duration in the constant form of <see cref="TimeSpan"/>.</summary>
    Duration,

    /// <summary>A version of HTTP: "2", "1.1".</summary>
    Version,

    /// <summary>An absolute URI.</summary>
    Uri,

    /// <summary>Keys that are known.</summary>
    Section,

    /// <summary>Entries with names of the user's own.</summary>
    Map,

    /// <summary>Entries without names.</summary>
    List,
}

/// <summary>One place of the configuration: what may stand there. The keys of a section are known in any case.</summary>
internal sealed class SettingNode(SettingKind kind)
{
    private readonly SortedDictionary<string, SettingNode> _children = new(StringComparer.OrdinalIgnoreCase);

    public SettingKind Kind { get; private set; } = kind;

    /// <summary>The keys of a section.</summary>
    public IReadOnlyDictionary<string, SettingNode> Children => _children;

    /// <summary>Every entry of a map or list.</summary>
    public SettingNode? Item { get; private set; }

    /// <summary>The least value, as it is written; null for none.</summary>
    public string? Min { get; private set; }

    /// <summary>The greatest value, as it is written; null for none.</summary>
    public string? Max { get; private set; }

    /// <summary>What counts where nothing is said, as it is written; null where that is no value, or not known here.</summary>
    public string? Default { get; private set; }

    /// <summary>The names that are allowed, in any case; empty for any text.</summary>
    public IReadOnlyList<string> Names { get; private set; } = [];

    /// <summary>Whether it has to be there, in one of the files.</summary>
    public bool IsRequired { get; private set; }

    /// <summary>Whether the text may be written as a number, such as <c>"ExpectStatus": 200</c>.</summary>
    public bool TakesNumbers { get; private set; }

    public static SettingNode MapOf(SettingNode item) => new(SettingKind.Map) { Item = item };

    public static SettingNode ListOf(SettingNode item) => new(SettingKind.List) { Item = item };

    public static SettingNode OneOf(IEnumerable<string> names) => new(SettingKind.Text) { Names = [.. names] };

    public static SettingNode TextOrNumber() => new(SettingKind.Text) { TakesNumbers = true };

    public SettingNode With(string key, SettingNode child)
    {
        _children[key] = child;
        return this;
    }

    /// <summary>The node of a key; the first one to ask for a key says how it is written. A key of a map is an entry.</summary>
    public SettingNode Child(string key)
    {
        if (Kind == SettingKind.Map)
        {
            return Item!;
        }

        if (!_children.TryGetValue(key, out var child))
        {
            _children[key] = child = new SettingNode(SettingKind.Any);
        }

        return child;
    }

    /// <summary>The node of all entries: those of a list are numbered.</summary>
    public SettingNode ItemFor(string key)
    {
        Kind = key.All(char.IsAsciiDigit) ? SettingKind.List : SettingKind.Map;
        return Item ??= new SettingNode(SettingKind.Any);
    }

    /// <summary>Makes it more specific; what is known of it by now stays.</summary>
    public void Is(SettingKind kind)
    {
        if (Kind is SettingKind.Any or SettingKind.Text)
        {
            Kind = kind;
        }
    }

    public void IsBetween(string min, string max) => (Min, Max) = (min, max);

    public void Defaults(string text) => Default = text;

    public void IsNamed(IReadOnlyList<string> names) => Names = names;

    public void IsTextOrNumber() => TakesNumbers = true;

    public void Requires() => IsRequired = true;
}

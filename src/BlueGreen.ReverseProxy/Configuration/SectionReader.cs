using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.ReverseProxy.Configuration.Keys;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>
/// Reads one section of the configuration into typed values. A value that can't be used becomes an error and the default
/// stands in for it, so that one pass finds every error; a key that nobody asked for is an error too.
/// </summary>
/// <remarks>The framework's binder stops at the first bad value and skips unknown keys, so a typing mistake would be a silent default.</remarks>
/// <param name="section">The section.</param>
/// <param name="errors">Where errors go.</param>
/// <param name="record">Notes down what is asked for: that is where the JSON schema comes from.</param>
internal sealed class SectionReader(IConfigurationSection section, List<ConfigurationError> errors, SettingNode? record = null)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public string Path => section.Path;

    public bool Exists => section.Exists();

    /// <summary>Whether a key is there, also with nothing in it: <c>{}</c> can mean "with the defaults".</summary>
    public bool Names(string key) => section.GetChildren().Any(child => string.Equals(child.Key, key, StringComparison.OrdinalIgnoreCase));

    public SectionReader Section(string key)
    {
        var child = Known(key, SettingKind.Section);
        if (!string.IsNullOrEmpty(child.Value))
        {
            // Not echoed: a token that somebody has put in place of a list of tokens would be shown.
            errors.Add(new(child.Path, null, "holds a single value, but a section is expected"));
        }

        return new SectionReader(child, errors, record?.Child(key));
    }

    /// <summary>One of the names of an enumeration, in any case; the framework's parser takes numbers and lists of names too.</summary>
    public static bool TryParseName<TEnum>(string text, out TEnum value)
        where TEnum : struct, Enum
    {
        foreach (var name in Enum.GetNames<TEnum>())
        {
            if (string.Equals(name, text, StringComparison.OrdinalIgnoreCase))
            {
                value = Enum.Parse<TEnum>(name);
                return true;
            }
        }

        value = default;
        return false;
    }

    public IEnumerable<(string Key, SectionReader Reader)> Children()
    {
        foreach (var child in section.GetChildren())
        {
            _known.Add(child.Key);
            var item = record?.ItemFor(child.Key);
            item?.Is(child.GetChildren().Any() ? SettingKind.Section : SettingKind.Text);
            yield return (child.Key, new SectionReader(child, errors, item));
        }
    }

    public string? Text(string key)
    {
        var child = Known(key, SettingKind.Text);
        if (child.Value is null && child.GetChildren().Any())
        {
            errors.Add(new(child.Path, null, "holds a section, but a single value is expected"));
            return null;
        }

        return string.IsNullOrWhiteSpace(child.Value) ? null : child.Value;
    }

    public string RequiredText(string key, string allowed)
    {
        var text = Text(key);
        record?.Child(key).Requires();
        if (text is null)
        {
            errors.Add(new(PathOf(key), null, $"is missing: {allowed}"));
        }

        return text ?? "";
    }

    public bool Boolean(string key, bool fallback)
    {
        record?.Child(key).Is(SettingKind.Boolean);
        Default(key, fallback ? "true" : "false");
        return Parse(key, fallback, bool.TryParse, "is not allowed: true or false");
    }

    public int Integer(string key, int fallback, int min, int max)
    {
        Between(key, SettingKind.Integer, min.ToString(CultureInfo.InvariantCulture), max.ToString(CultureInfo.InvariantCulture));
        Default(key, fallback.ToString(CultureInfo.InvariantCulture));
        return Parse(
            key,
            fallback,
            (string text, out int value) =>
                int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max,
            $"is not allowed: a whole number from {min} to {max}");
    }

    public double Number(string key, double fallback, double min, double max)
    {
        var (least, most) = (min.ToString("0.#######", CultureInfo.InvariantCulture), max.ToString("0.#######", CultureInfo.InvariantCulture));
        Between(key, SettingKind.Number, least, most);
        if (fallback >= min && fallback <= max)
        {
            Default(key, fallback.ToString("0.#######", CultureInfo.InvariantCulture));
        }

        return Parse(
            key,
            fallback,
            (string text, out double value) =>
                double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)
                && value >= min
                && value <= max,
            $"is not allowed: a number from {least} to {most}");
    }

    // "10" is ten days to TimeSpan.Parse, and "48:00:00" is 48: only the constant form with a colon is taken.
    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan min, TimeSpan max)
    {
        var (least, most) = (min.ToString("c"), max.ToString("c"));
        Between(key, SettingKind.Duration, least, most);
        Default(key, fallback.ToString("c"));
        return Parse(
            key,
            fallback,
            (string text, out TimeSpan value) =>
            {
                value = default;
                return text.Contains(':')
                    && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value)
                    && value >= min
                    && value <= max;
            },
            $"is not allowed: a duration (\"hh:mm:ss\", \"d.hh:mm:ss\") from \"{least}\" to \"{most}\"");
    }

    /// <summary>One of the names of an enumeration, which are written in camel case unless said otherwise.</summary>
    public TEnum Name<TEnum>(string key, TEnum fallback, bool isPascalCase = false)
        where TEnum : struct, Enum
    {
        var names = NamesOf<TEnum>(isPascalCase);
        record?.Child(key).IsNamed(names);
        Default(key, names.First(name => TryParseName<TEnum>(name, out var value) && EqualityComparer<TEnum>.Default.Equals(value, fallback)));
        return Parse<TEnum>(key, fallback, TryParseName, $"is not allowed: {Alternatives(names)}");
    }

    /// <summary>Several names of an enumeration.</summary>
    public ImmutableArray<TEnum> NameList<TEnum>(string key)
        where TEnum : struct, Enum
    {
        var names = NamesOf<TEnum>(isPascalCase: false);
        var values = ImmutableArray.CreateBuilder<TEnum>();
        foreach (var text in TextList(key))
        {
            if (TryParseName<TEnum>(text, out var value))
            {
                values.Add(value);
            }
            else
            {
                Error(key, text, $"is not allowed: {string.Join(", ", names)}");
            }
        }

        record?.Child(key).Item!.IsNamed(names);
        return values.ToImmutable();
    }

    /// <summary>The names of an enumeration as they are written in a configuration.</summary>
    public static ImmutableArray<string> NamesOf<TEnum>(bool isPascalCase)
        where TEnum : struct, Enum =>
        [.. Enum.GetNames<TEnum>().Select(name => isPascalCase ? name : char.ToLowerInvariant(name[0]) + name[1..])];

    /// <summary>"a, b or c".</summary>
    public static string Alternatives(ImmutableArray<string> names) => $"{string.Join(", ", names[..^1])} or {names[^1]}";

    public T Parse<T>(string key, T fallback, TryParse<T> parse, string allowed)
    {
        if (typeof(T) != typeof(string) && !typeof(T).IsEnum)
        {
            record?.Child(key).IsTextOrNumber();
        }

        var text = Text(key);
        if (text is null)
        {
            return fallback;
        }

        if (parse(text, out var value))
        {
            return value;
        }

        errors.Add(new(PathOf(key), text, allowed));
        return fallback;
    }

    public ImmutableArray<string> TextList(string key)
    {
        var child = Known(key, SettingKind.List);
        record?.Child(key).ItemFor("0").Is(SettingKind.Text);
        if (!string.IsNullOrEmpty(child.Value))
        {
            errors.Add(new(child.Path, child.Value, "is not allowed: a list, such as [ \"database\" ]"));
            return [];
        }

        var values = ImmutableArray.CreateBuilder<string>();
        foreach (var item in child.GetChildren())
        {
            if (string.IsNullOrWhiteSpace(item.Value))
            {
                errors.Add(new(item.Path, item.Value, "is not allowed: a text that is not empty"));
            }
            else
            {
                values.Add(item.Value);
            }
        }

        return values.ToImmutable();
    }

    public NetworkSet Networks(string key)
    {
        var networks = ImmutableArray.CreateBuilder<System.Net.IPNetwork>();
        foreach (var text in TextList(key))
        {
            if (NetworkSet.TryParse(text, out var network))
            {
                networks.Add(network);
            }
            else
            {
                Error(key, text, "is not allowed: networks or addresses, such as \"10.0.0.0/8\", \"192.0.2.7\" or \"fd00::/8\"");
            }
        }

        return new(networks.ToImmutable());
    }

    public void Error(string key, string? value, string allowed) => errors.Add(new(PathOf(key), value, allowed));

    /// <summary>Call when everything that may be there has been read.</summary>
    public void RejectUnknown()
    {
        foreach (var child in section.GetChildren())
        {
            if (!_known.Contains(child.Key))
            {
                errors.Add(new(child.Path, null, Suggestion.ForUnknownKey(child.Key, _known)));
            }
        }
    }

    private string PathOf(string key) => ConfigurationPath.Combine(section.Path, key);

    // Of what is read only if it is there, the fallback is no default: there the recorded section has a value.
    private void Default(string key, string text)
    {
        if (section[key] is null)
        {
            record?.Child(key).Defaults(text);
        }
    }

    private void Between(string key, SettingKind kind, string min, string max)
    {
        record?.Child(key).Is(kind);
        record?.Child(key).IsBetween(min, max);
    }

    private IConfigurationSection Known(string key, SettingKind kind)
    {
        _known.Add(key);
        record?.Child(key).Is(kind);
        return section.GetSection(key);
    }

    public delegate bool TryParse<T>(string text, out T value);
}

using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.ReverseProxy.Configuration.Keys;

/// <summary>Holds a section against the keys that it may have, and its values against their kinds.</summary>
internal static class KeyCheck
{
    /// <summary>Adds an error for each key that is not known, and for each value that its reader could not take.</summary>
    public static void Find(IConfigurationSection section, SettingNode node, List<ConfigurationError> errors)
    {
        switch (node.Kind)
        {
            case SettingKind.Any:
                break;
            case SettingKind.Section or SettingKind.Map or SettingKind.List when !string.IsNullOrEmpty(section.Value):
                errors.Add(new(section.Path, null, $"holds a single value, but {(node.Kind == SettingKind.List ? "a list" : "a section")} is expected"));
                break;
            case SettingKind.Section:
                FindInSection(section, node, errors);
                break;
            case SettingKind.Map or SettingKind.List:
                foreach (var child in section.GetChildren())
                {
                    Find(child, node.Item!, errors);
                }

                break;
            default:
                FindInValue(section, node, errors);
                break;
        }
    }

    /// <summary>Whether the error is no more than a key that nobody reads.</summary>
    public static bool IsUnknownKey(ConfigurationError error) => error.Allowed.StartsWith(Suggestion.UnknownKey, StringComparison.Ordinal);

    private static void FindInSection(IConfigurationSection section, SettingNode node, List<ConfigurationError> errors)
    {
        foreach (var child in section.GetChildren())
        {
            if (node.Children.TryGetValue(child.Key, out var known))
            {
                Find(child, known, errors);
            }
            else
            {
                // Without its value, which may be anything, a secret too.
                errors.Add(new(child.Path, null, Suggestion.ForUnknownKey(child.Key, node.Children.Keys)));
            }
        }
    }

    private static void FindInValue(IConfigurationSection section, SettingNode node, List<ConfigurationError> errors)
    {
        if (section.Value is null)
        {
            if (section.GetChildren().Any())
            {
                errors.Add(new(section.Path, null, "holds a section, but a single value is expected"));
            }
        }
        else if (WhatIsAllowed(section.Value, node) is { } allowed)
        {
            errors.Add(new(section.Path, section.Value, $"is not allowed: {allowed}"));
        }
    }

    // As YARP and the server parse them.
    private static string? WhatIsAllowed(string value, SettingNode node) => node.Kind switch
    {
        SettingKind.Boolean => bool.TryParse(value, out _) ? null : "true or false",
        SettingKind.Integer => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? null : "a whole number",
        SettingKind.Duration => TimeSpan.TryParseExact(value, "c", CultureInfo.InvariantCulture, out _) ? null : "a duration (\"hh:mm:ss\", \"d.hh:mm:ss\")",
        SettingKind.Version => value.Length == 0 || Version.TryParse(value.Contains('.') ? value : value + ".0", out _) ? null : "a version, such as \"2\" or \"1.1\"",
        SettingKind.Uri => Uri.TryCreate(value, UriKind.Absolute, out _) ? null : "an absolute URL",
        _ => node.Names.Count == 0 || int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _) || value.Split(',', StringSplitOptions.TrimEntries).All(name => node.Names.Contains(name, StringComparer.OrdinalIgnoreCase)) ? null : OneOf(value, node.Names),
    };

    private static string OneOf(string value, IReadOnlyList<string> names)
    {
        var all = string.Join(", ", names);
        return Suggestion.For(value, names) is { } meant ? $"did you mean {meant}? Allowed: {all}" : all;
    }
}

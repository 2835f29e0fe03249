using System.Collections.Immutable;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>The <c>BlueGreen</c> section as read, with what was wrong with it.</summary>
/// <param name="Options">The options, as far as they could be read.</param>
/// <param name="Errors">What is wrong.</param>
/// <param name="Keys">What the section holds, by key below it.</param>
internal sealed record BlueGreenSettings(BlueGreenOptions Options, IReadOnlyList<ConfigurationError> Errors, ImmutableSortedDictionary<string, string?> Keys)
{
    public const string Section = "BlueGreen";

    /// <summary>Reads the section. Options and keys are of the same moment, also while a file is read again.</summary>
    public static BlueGreenSettings Read(IConfiguration configuration)
    {
        var keys = KeysOf(configuration.GetSection(Section));
        var copy = new ConfigurationBuilder()
            .AddInMemoryCollection(keys.Select(entry => KeyValuePair.Create($"{Section}:{entry.Key}", entry.Value)))
            .Build();
        var (options, errors) = BlueGreenOptionsReader.Read(copy.GetSection(Section));
        return new(options, errors, keys);
    }

    /// <summary>What a section holds, by key below it; null for a section within it, which may be an empty one.</summary>
    public static ImmutableSortedDictionary<string, string?> KeysOf(IConfigurationSection section) => section
        .AsEnumerable(makePathsRelative: true)
        .Where(entry => entry.Key.Length > 0)
        .ToImmutableSortedDictionary(StringComparer.OrdinalIgnoreCase);
}

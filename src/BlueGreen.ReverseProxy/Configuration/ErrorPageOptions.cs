using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Files to answer with in place of the gateway's own error texts: <c>BlueGreen:ErrorPages</c> and <c>BlueGreen:Services:{name}:ErrorPages</c>.</summary>
public sealed record ErrorPageOptions
{
    internal const string Maintenance = "maintenance";

    /// <summary>The paths by what they are for: a status code such as <c>503</c>, <c>4xx</c>, <c>5xx</c> or <c>maintenance</c>.</summary>
    public FrozenDictionary<string, ImmutableArray<string>> Files { get; init; } = FrozenDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>The most specific file for an error, by <paramref name="extension"/>; null where there is none.</summary>
    internal string? PathFor(int status, bool isMaintenance, string extension) =>
        Files.Count == 0
            ? null
            : (isMaintenance ? PathFor(Maintenance, extension) : null)
                ?? PathFor(status.ToString(CultureInfo.InvariantCulture), extension)
                ?? PathFor($"{status / 100}xx", extension);

    private string? PathFor(string key, string extension) =>
        Files.TryGetValue(key, out var paths) ? paths.FirstOrDefault(path => ErrorPageFile.HasExtension(path, extension)) : null;
}

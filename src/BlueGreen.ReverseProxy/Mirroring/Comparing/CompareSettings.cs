using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>What of two answers is compared.</summary>
internal sealed record CompareSettings
{
    private const int LongestList = 200;

    /// <summary>The header fields.</summary>
    public ImmutableArray<string> Headers { get; init; } = MirrorRules.Headers;

    /// <summary>Places in JSON documents that are not looked at, with everything below them.</summary>
    public ImmutableArray<string> Ignore { get; init; } = [];

    /// <summary>Arrays whose order means nothing.</summary>
    public ImmutableArray<string> Sets { get; init; } = [];

    /// <summary>The share of the copies, in percent, with which a second one goes to the active slot.</summary>
    public double NoisePercent { get; init; } = 20;

    public bool Equals(CompareSettings? other) => other is not null
        && Headers.SequenceEqual(other.Headers, StringComparer.OrdinalIgnoreCase)
        && Ignore.SequenceEqual(other.Ignore, StringComparer.Ordinal)
        && Sets.SequenceEqual(other.Sets, StringComparer.Ordinal)
        && NoisePercent.Equals(other.NoisePercent);

    public override int GetHashCode() => HashCode.Combine(Headers.Length, Ignore.Length, Sets.Length, NoisePercent);

    /// <summary>What whoever trusts the result has to know, such as <c>; not compared: $.debug; as sets: $.tags; noise measured with 5 % only</c>; empty where nothing is left out.</summary>
    public string DescribeLeftOut()
    {
        var noise = NoisePercent >= new CompareSettings().NoisePercent ? "" : string.Create(CultureInfo.InvariantCulture, $"; noise measured with {NoisePercent:0.##} % only");
        return $"{Describe("not compared", Ignore)}{Describe("as sets", Sets)}{noise}";

        static string Describe(string what, ImmutableArray<string> places) =>
            places.IsEmpty ? "" : $"; {what}: {OneLine.Of(string.Join(", ", places.Order(StringComparer.Ordinal)), LongestList)}{(string.Join(", ", places).Length > LongestList ? "…" : "")}";
    }

    /// <summary>Whether a place is ignored.</summary>
    public bool IsIgnored(string path) => Ignore.Any(ignored =>
        path.StartsWith(ignored, StringComparison.Ordinal) && (path.Length == ignored.Length || path[ignored.Length] is '.' or '['));
}

using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A set of HTTP status codes, written as codes and ranges: <c>200</c>, <c>200-299</c>, <c>200,204,300-302</c>.</summary>
public sealed class StatusCodeSet
{
    /// <summary>Only 200.</summary>
    public static StatusCodeSet Ok { get; } = new([(200, 200)], "200");

    /// <summary>200 to 299.</summary>
    public static StatusCodeSet Success { get; } = new([(200, 299)], "200-299");

    /// <summary>No code.</summary>
    internal static StatusCodeSet None { get; } = new([], "");

    private const int Lowest = 100;
    private const int Highest = 599;

    private readonly ImmutableArray<(int From, int To)> _ranges;
    private readonly string _text;

    private StatusCodeSet(ImmutableArray<(int From, int To)> ranges, string text)
    {
        _ranges = ranges;
        _text = text;
    }

    /// <summary>Whether the code is in the set.</summary>
    public bool Contains(int statusCode)
    {
        foreach (var (from, to) in _ranges)
        {
            if (statusCode >= from && statusCode <= to)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the written form.</summary>
    /// <param name="text">Codes from 100 to 599 and ranges of them, separated by commas.</param>
    /// <param name="set">The set, when true is returned.</param>
    public static bool TryParse(string text, out StatusCodeSet set)
    {
        ArgumentNullException.ThrowIfNull(text);
        set = Ok;
        var ranges = ImmutableArray.CreateBuilder<(int, int)>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var bounds = part.Split('-', 2, StringSplitOptions.TrimEntries);
            if (!TryParseCode(bounds[0], out var from))
            {
                return false;
            }

            var to = from;
            if (bounds.Length == 2 && (!TryParseCode(bounds[1], out to) || to < from))
            {
                return false;
            }

            ranges.Add((from, to));
        }

        set = new StatusCodeSet(ranges.ToImmutable(), text.Trim());
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    private static bool TryParseCode(string text, out int code) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code) && code is >= Lowest and <= Highest;
}

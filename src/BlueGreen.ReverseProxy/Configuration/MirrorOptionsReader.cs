using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Services:{name}:Traffic:Mirror</c>.</summary>
internal static class MirrorOptionsReader
{
    private const int LeastBodyBytes = 1024;

    public static MirrorOptions Read(SectionReader reader)
    {
        var defaults = new MirrorOptions();
        var options = new MirrorOptions
        {
            Percent = reader.Number("Percent", defaults.Percent, MirrorRules.LeastPercent, MirrorRules.MostPercent),
            Duration = reader.Duration("Duration", defaults.Duration, MirrorRules.Shortest, MirrorRules.Longest),
            Methods = ReadList(reader, "Methods", defaults.Methods, MirrorRules.AreMethods, MirrorRules.MethodsAllowed),
            RequireIdempotencyKey = reader.Boolean("RequireIdempotencyKey", defaults.RequireIdempotencyKey),
            MaxLatency = reader.Text("MaxLatency") is null ? null : reader.Duration("MaxLatency", MirrorRules.LongestTimeout, MirrorRules.ShortestLatency, MirrorRules.LongestTimeout),
            Compare = ReadCompare(reader.Section("Compare"), defaults.Compare),
            Gate = ReadGate(reader),
            PreflightNote = reader.Boolean("PreflightNote", defaults.PreflightNote),
            MaxPercent = reader.Number("MaxPercent", defaults.MaxPercent, MirrorRules.LeastPercent, MirrorRules.MostPercent),
            MaxDuration = reader.Duration("MaxDuration", defaults.MaxDuration, MirrorRules.Shortest, MirrorRules.Longest),
            MaxBodyBytes = reader.Integer("MaxBodyBytes", defaults.MaxBodyBytes, LeastBodyBytes, MirrorRules.MostBodyBytes),
            MaxConcurrent = reader.Integer("MaxConcurrent", defaults.MaxConcurrent, 1, MirrorRules.MostConcurrent),
            MaxPerSecond = reader.Integer("MaxPerSecond", defaults.MaxPerSecond, 1, MirrorRules.MostPerSecond),
            Timeout = reader.Duration("Timeout", defaults.Timeout, MirrorRules.ShortestTimeout, MirrorRules.LongestTimeout),
        };
        reader.RejectUnknown();
        return WithinLimits(reader, options);
    }

    // A default that the limit does not allow would have every order refused that leaves the field out. One that nobody has written follows the limit.
    private static MirrorOptions WithinLimits(SectionReader reader, MirrorOptions options)
    {
        if (reader.Names("Percent") && options.Percent > options.MaxPercent)
        {
            reader.Error("Percent", options.Percent.ToString(CultureInfo.InvariantCulture), string.Create(CultureInfo.InvariantCulture, $"is above MaxPercent, {options.MaxPercent}"));
        }

        if (reader.Names("Duration") && options.Duration > options.MaxDuration)
        {
            reader.Error("Duration", options.Duration.ToString("c"), $"is above MaxDuration, {options.MaxDuration:c}");
        }

        return options with
        {
            Percent = Math.Min(options.Percent, options.MaxPercent),
            Duration = options.Duration < options.MaxDuration ? options.Duration : options.MaxDuration,
        };
    }

    // "Gate": {} is enough for the defaults.
    private static MirrorGateOptions? ReadGate(SectionReader mirror)
    {
        var (reader, defaults) = (mirror.Section("Gate"), new MirrorGateOptions());
        var options = new MirrorGateOptions
        {
            MinRequests = reader.Integer("MinRequests", defaults.MinRequests, 1, MirrorRules.MostGateRequests),
            MaxDifference = reader.Number("MaxDifference", defaults.MaxDifference, 0, 1),
        };
        reader.RejectUnknown();
        return mirror.Names("Gate") ? options : null;
    }

    private static MirrorCompareOptions ReadCompare(SectionReader reader, MirrorCompareOptions defaults)
    {
        var options = new MirrorCompareOptions
        {
            Headers = ReadList(reader, "Headers", defaults.Headers, MirrorRules.AreHeaders, MirrorRules.ListOf(MirrorRules.HeadersAllowed)),
            Ignore = ReadList(reader, "Ignore", defaults.Ignore, MirrorRules.ArePlaces, MirrorRules.ListOf(MirrorRules.PlacesAllowed), MirrorPlace.IsPlace),
            Sets = ReadList(reader, "Sets", defaults.Sets, MirrorRules.AreSets, MirrorRules.ListOf(MirrorRules.SetsAllowed), MirrorPlace.IsSet),
            NoisePercent = reader.Number("NoisePercent", defaults.NoisePercent, 0, 100),
        };
        reader.RejectUnknown();
        return options;
    }

    private static ImmutableArray<string> ReadList(
        SectionReader reader, string key, ImmutableArray<string> fallback, Func<IReadOnlyCollection<string>, bool> isAllowed, string allowed, Func<string, bool>? isPlace = null)
    {
        var list = reader.TextList(key);
        if (!reader.Names(key))
        {
            return fallback;
        }

        if (isAllowed(list))
        {
            return list;
        }

        reader.Error(key, string.Join(", ", list), $"is not allowed: {MirrorPlace.WithHint(allowed, list, isPlace)}");
        return fallback;
    }
}

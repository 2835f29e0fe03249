using System.Collections.Frozen;
using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Mirroring.Comparing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Reads what a mirror is to copy. Pure: what is wrong is collected in the request, not answered.</summary>
internal static class MirrorReader
{
    /// <summary>Reads an order.</summary>
    /// <param name="body">The order.</param>
    /// <param name="options">What counts where it does not say, and what it may not exceed.</param>
    public static MirrorSettings Read(BodyReader body, MirrorOptions options)
    {
        var settings = MirrorSettings.Of(options);
        return settings with
        {
            Percent = ReadPercent(body, options) ?? settings.Percent,
            Methods = ReadList(body, "methods", MirrorRules.AreMethods, MirrorRules.MethodsAllowed)?.ToFrozenSet(StringComparer.Ordinal) ?? settings.Methods,
            Duration = ReadDuration(body, options) ?? settings.Duration,
            RequireIdempotencyKey = body.Boolean("requireIdempotencyKey") ?? settings.RequireIdempotencyKey,
            MaxLatency = body.Number("maxLatencyMs", MirrorRules.ShortestLatency.TotalMilliseconds, MirrorRules.LongestTimeout.TotalMilliseconds, "a number of milliseconds") is { } latency
                ? TimeSpan.FromMilliseconds(latency)
                : settings.MaxLatency,
            Compare = ReadCompare(body.Object("compare"), settings.Compare),
        };
    }

    private static double? ReadPercent(BodyReader body, MirrorOptions options)
    {
        var percent = body.Number("percent", MirrorRules.LeastPercent, MirrorRules.MostPercent, "a percentage");
        if (percent > options.MaxPercent)
        {
            body.Fail("percent", FormattableString.Invariant($"must be at most {options.MaxPercent}: Traffic:Mirror:MaxPercent of the service"));
        }

        return percent;
    }

    private static TimeSpan? ReadDuration(BodyReader body, MirrorOptions options)
    {
        if (body.WholeNumber("seconds", 1, MirrorRules.LongestSeconds) is not { } seconds)
        {
            return null;
        }

        var duration = TimeSpan.FromSeconds(seconds);
        if (duration > options.MaxDuration)
        {
            body.Fail("seconds", FormattableString.Invariant($"must be at most {Math.Floor(options.MaxDuration.TotalSeconds)}: Traffic:Mirror:MaxDuration of the service"));
        }

        return duration;
    }

    private static CompareSettings ReadCompare(BodyReader? body, CompareSettings defaults)
    {
        if (body is null)
        {
            return defaults;
        }

        var settings = new CompareSettings
        {
            Headers = ReadList(body, "headers", MirrorRules.AreHeaders, MirrorRules.ListOf(MirrorRules.HeadersAllowed)) is { } headers ? MirrorRules.Compared(headers) : defaults.Headers,
            Ignore = ReadList(body, "ignore", MirrorRules.ArePlaces, MirrorRules.ListOf(MirrorRules.PlacesAllowed), MirrorPlace.IsPlace) ?? defaults.Ignore,
            Sets = ReadList(body, "sets", MirrorRules.AreSets, MirrorRules.ListOf(MirrorRules.SetsAllowed), MirrorPlace.IsSet) ?? defaults.Sets,
            NoisePercent = body.Number("noisePercent", 0, 100, "a percentage") ?? defaults.NoisePercent,
        };
        body.RejectUnknown();
        return settings;
    }

    private static ImmutableArray<string>? ReadList(BodyReader body, string name, Func<IReadOnlyCollection<string>, bool> isAllowed, string allowed, Func<string, bool>? isPlace = null)
    {
        // Asked first: a list that is not there is the default, and not an error.
        if (!body.Has(name))
        {
            body.Expect(name);
            return null;
        }

        var texts = body.TextList(name);
        if (!isAllowed(texts))
        {
            body.Fail(name, $"must be {MirrorPlace.WithHint(allowed, texts, isPlace)}");
        }

        return [.. texts];
    }
}

using System.Collections.Frozen;
using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Policies</c>.</summary>
internal static class RoutePolicyOptionsReader
{
    private const int Most = 1_000_000;
    private const int MostSegments = 100;
    private const string Any = "*";
    private const string Default = "default";
    private const string Disable = "disable";
    private const string PartitionByAddress = "ClientAddress";
    private const string PartitionByNothing = "None";
    private const string PartitionByHeader = "Header:";

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static RoutePolicyOptions Read(SectionReader reader)
    {
        var options = new RoutePolicyOptions
        {
            Timeouts = ReadTimeouts(reader.Section("Timeouts")),
            RateLimits = ReadAll(reader.Section("RateLimits"), ReadRateLimit, isDefaultAllowed: false),
            Cors = ReadAll(reader.Section("Cors"), ReadCors, isDefaultAllowed: true),
        };
        reader.RejectUnknown();
        return options;
    }

    private static FrozenDictionary<string, TimeSpan> ReadTimeouts(SectionReader reader)
    {
        var all = new Dictionary<string, TimeSpan>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, _) in reader.Children())
        {
            CheckName(reader, name, isDefaultAllowed: true);
            all[name] = reader.Duration(name, Longest, Shortest, Longest);
        }

        return all.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    private static FrozenDictionary<string, T> ReadAll<T>(SectionReader reader, Func<SectionReader, T> read, bool isDefaultAllowed)
    {
        var all = new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, entry) in reader.Children())
        {
            CheckName(reader, name, isDefaultAllowed);
            all[name] = read(entry);
        }

        return all.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    // These two mean something of their own in a route.
    private static void CheckName(SectionReader reader, string name, bool isDefaultAllowed)
    {
        if (name.Equals(Disable, StringComparison.OrdinalIgnoreCase) || (!isDefaultAllowed && name.Equals(Default, StringComparison.OrdinalIgnoreCase)))
        {
            reader.Error(name, null, "is not allowed: a policy needs a name of its own");
        }
    }

    private static RateLimitOptions ReadRateLimit(SectionReader reader)
    {
        var defaults = new RateLimitOptions { Kind = RateLimitKind.FixedWindow, Permits = 1 };
        var kind = reader.RequiredText("Kind", SectionReader.Alternatives(SectionReader.NamesOf<RateLimitKind>(isPascalCase: true))).Length == 0
            ? (RateLimitKind?)null
            : reader.Name("Kind", defaults.Kind, isPascalCase: true);
        var permits = reader.Text("Permits") is null ? 0 : reader.Integer("Permits", 1, 1, Most);
        if (permits == 0)
        {
            reader.Error("Permits", null, $"is missing: a whole number from 1 to {Most}");
        }

        var options = defaults with
        {
            Kind = kind ?? defaults.Kind,
            Permits = Math.Max(permits, 1),
            Queue = reader.Integer("Queue", 0, 0, Most),
        };
        if (kind != RateLimitKind.Concurrency)
        {
            options = options with { Window = reader.Duration("Window", defaults.Window, Shortest, Longest) };
        }

        if (kind == RateLimitKind.SlidingWindow)
        {
            options = options with { Segments = reader.Integer("Segments", defaults.Segments, 1, MostSegments) };
        }

        if (kind == RateLimitKind.TokenBucket && reader.Text("TokensPerWindow") is not null)
        {
            options = options with { TokensPerWindow = reader.Integer("TokensPerWindow", 1, 1, Most) };
        }

        options = ReadPartition(reader, options);
        reader.RejectUnknown();
        return options;
    }

    private static RateLimitOptions ReadPartition(SectionReader reader, RateLimitOptions options)
    {
        var text = reader.Text("PartitionBy") ?? PartitionByAddress;
        if (text.Equals(PartitionByAddress, StringComparison.OrdinalIgnoreCase))
        {
            return options;
        }

        if (text.Equals(PartitionByNothing, StringComparison.OrdinalIgnoreCase))
        {
            return options with { IsShared = true };
        }

        if (text.StartsWith(PartitionByHeader, StringComparison.OrdinalIgnoreCase) && text.Length > PartitionByHeader.Length)
        {
            return options with { Header = text[PartitionByHeader.Length..] };
        }

        reader.Error("PartitionBy", text, "is not allowed: ClientAddress, None, or a header such as Header:X-Api-Key");
        return options;
    }

    private static CorsPolicyOptions ReadCors(SectionReader reader)
    {
        var options = new CorsPolicyOptions
        {
            Origins = reader.TextList("Origins"),
            Methods = reader.TextList("Methods"),
            Headers = reader.TextList("Headers"),
            ExposedHeaders = reader.TextList("ExposedHeaders"),
            Credentials = reader.Boolean("Credentials", fallback: false),
            MaxAge = reader.Text("MaxAge") is null ? null : reader.Duration("MaxAge", TimeSpan.Zero, TimeSpan.Zero, Longest),
        };
        if (options.Origins.IsEmpty)
        {
            reader.Error("Origins", null, "is missing: a list, such as [ \"https://app.example.com\" ]");
        }

        foreach (var origin in options.Origins)
        {
            if (origin != Any && !IsOrigin(origin))
            {
                reader.Error("Origins", origin, "is not allowed: scheme, host and port without anything after them, such as \"https://app.example.com\" or \"https://*.example.com\"");
            }
        }

        if (options.Credentials && options.Origins.Contains(Any))
        {
            reader.Error("Credentials", "true", "is not allowed with all origins: any site could act for its visitors");
        }

        reader.RejectUnknown();
        return options;
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text.Replace("://*.", "://any.", StringComparison.Ordinal), UriKind.Absolute, out var uri)
        && uri.Host.Length > 0
        && uri.GetLeftPart(UriPartial.Authority).Length == text.Replace("://*.", "://any.", StringComparison.Ordinal).Length;
}

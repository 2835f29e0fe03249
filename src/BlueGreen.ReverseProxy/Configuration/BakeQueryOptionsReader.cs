using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>Bake:Prometheus</c> and <c>Bake:Queries</c>.</summary>
internal static class BakeQueryOptionsReader
{
    // Each is a loop of its own, and a line wherever the bake is shown.
    private const int MaxQueries = 32;
    private const int MaxNameLength = 64;
    private const int MaxQueryLength = 10_000;
    private const string NumberAllowed = "is not allowed: a number";
    private const string UrlAllowed = "an absolute http or https URL without user, query and fragment, such as http://prometheus:9090";

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestFor = TimeSpan.FromDays(1);
    private static readonly Uri Unusable = new("http://invalid/");

    /// <summary>Reads the queries.</summary>
    /// <param name="bake">The section <c>Bake</c>.</param>
    /// <param name="onFailure">What follows where a query does not say it.</param>
    public static ImmutableArray<BakeQueryOptions> Read(SectionReader bake, BakeFailureAction onFailure)
    {
        var common = bake.Section("Prometheus");
        var timeout = common.Duration("Timeout", TimeSpan.FromSeconds(2), ShortestInterval, TimeSpan.FromMinutes(1));
        var interval = common.Duration("Interval", TimeSpan.FromSeconds(10), ShortestInterval, LongestInterval);
        var server = ReadServer(common, timeout);
        common.RejectUnknown();

        var section = bake.Section("Queries");
        var queries = section.Children()
            .Select(child => ReadQuery(child.Key, child.Reader, section, server, timeout, onFailure) with { Interval = interval })
            .OrderBy(query => query.Name, StringComparer.Ordinal)
            .ToImmutableArray();
        if (queries.Length > MaxQueries)
        {
            bake.Error("Queries", queries.Length.ToString(CultureInfo.InvariantCulture), $"is not allowed: at most {MaxQueries} queries");
        }

        return queries.IsEmpty ? [] : queries;
    }

    private static BakeQueryOptions ReadQuery(
        string name, SectionReader reader, SectionReader section, QueryServerOptions? common, TimeSpan timeout, BakeFailureAction onFailure)
    {
        // The entries of a list are numbered: it would be a list of queries without names.
        if (name.Length > MaxNameLength || name.All(char.IsAsciiDigit) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
        {
            section.Error(name, name, $"is not allowed as the name of a query: 1 to {MaxNameLength} of A-Z a-z 0-9 - _ ., and not a number. Queries is a section of named queries, not a list");
        }

        var own = ReadServer(reader, timeout);
        if ((own ?? common) is null)
        {
            reader.Error("Url", null, $"is missing, and so is Bake:Prometheus:Url: {UrlAllowed}");
        }

        var query = new BakeQueryOptions
        {
            Name = name,
            Server = own ?? common ?? new QueryServerOptions(Unusable),
            Query = ReadText(reader),
            Max = ReadNumber(reader, "Max"),
            Min = ReadNumber(reader, "Min"),
            Compare = ReadComparison(reader),
            For = reader.Text("For") is null ? null : reader.Duration("For", TimeSpan.Zero, TimeSpan.Zero, LongestFor),
            OnFailure = reader.Text("OnFailure") is null ? onFailure : reader.Name("OnFailure", onFailure),
            NoData = reader.Name("NoData", QueryNoDataAction.Ignore),
            Gate = reader.Boolean("Gate", fallback: false),
            GateNoData = reader.Name("GateNoData", QueryGateNoData.Fail),
        };
        CheckLimits(query, reader);
        reader.RejectUnknown();
        return query;
    }

    // A token is for the server that it stands beside: it is not sent to another one that a query names.
    private static QueryServerOptions? ReadServer(SectionReader reader, TimeSpan timeout)
    {
        var (url, token, file) = (reader.Text("Url"), reader.Text("Token"), reader.Text("TokenFile"));
        if (token is not null && !QueryServerOptions.IsToken(token))
        {
            reader.Error("Token", null, "is not allowed (value not shown): visible ASCII characters, without spaces");
        }

        if (token is not null && file is not null)
        {
            reader.Error("TokenFile", file, "is not allowed beside Token: one of the two");
        }

        if (file is not null && file.IndexOfAny(Path.GetInvalidPathChars()) >= 0)
        {
            reader.Error("TokenFile", file, "is not allowed: the path of a file");
        }

        if (url is null)
        {
            if ((token ?? file) is not null)
            {
                reader.Error("Url", null, $"is missing beside {(token is null ? "TokenFile" : "Token")}: {UrlAllowed}");
            }

            return null;
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            reader.Error("Url", url, $"is not allowed: {UrlAllowed}");
            address = Unusable;
        }
        else if (address.UserInfo.Length > 0)
        {
            reader.Error("Url", null, $"is not allowed (value not shown, it has a user): {UrlAllowed}. Put a bearer token into Token or TokenFile");
        }
        else if (address.Query.Length > 0 || address.Fragment.Length > 0)
        {
            reader.Error("Url", url, $"is not allowed: {UrlAllowed}");
        }

        return new QueryServerOptions(address) { Token = token, TokenFile = file, Timeout = timeout };
    }

    private static string ReadText(SectionReader reader)
    {
        var text = reader.RequiredText("Query", "a query in PromQL that gives one value");
        if (text.Length > MaxQueryLength)
        {
            reader.Error("Query", $"{text[..40]}…", $"is not allowed: at most {MaxQueryLength} characters");
        }

        foreach (var unknown in QueryTemplate.PlaceholdersOf(text).Except(QueryTemplate.Names, StringComparer.Ordinal))
        {
            var meant = Suggestion.For(unknown, QueryTemplate.Names) is { } name ? $"did you mean {{{name}}}? " : "";
            reader.Error("Query", $"{{{unknown}}}", $"is not a placeholder: {meant}Allowed: {string.Join(", ", QueryTemplate.Names.Select(known => $"{{{known}}}"))}");
        }

        return text;
    }

    private static QueryComparison? ReadComparison(SectionReader query)
    {
        var reader = query.Section("Compare");
        var comparison = new QueryComparison(ReadNumber(reader, "Ratio"), ReadNumber(reader, "Difference"));
        if (comparison.Ratio is <= 0)
        {
            reader.Error("Ratio", reader.Text("Ratio"), "is not allowed: a number above 0, such as 1.5");
        }

        if (comparison.Difference is < 0)
        {
            reader.Error("Difference", reader.Text("Difference"), "is not allowed: 0 or a number above it");
        }

        reader.RejectUnknown();
        if (!query.Names("Compare"))
        {
            return null;
        }

        if (comparison is { Ratio: null, Difference: null })
        {
            query.Error("Compare", null, "has neither Ratio nor Difference: one of them, or both");
        }

        return comparison;
    }

    private static double? ReadNumber(SectionReader reader, string key) => reader.Parse<double?>(
        key,
        null,
        (string text, out double? value) =>
        {
            value = double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
                && double.IsFinite(number)
                ? number
                : null;
            return value is not null;
        },
        NumberAllowed);

    private static void CheckLimits(BakeQueryOptions query, SectionReader reader)
    {
        // A limit that can't be read has an error of its own.
        if (query.Compare is null && reader.Text("Max") is null && reader.Text("Min") is null && !reader.Names("Compare"))
        {
            reader.Error("Max", null, "is missing, and so are Min and Compare: a query needs a limit");
        }

        if (query is { Min: { } min, Max: { } max } && min > max)
        {
            reader.Error("Min", reader.Text("Min"), "is not allowed: at most Max");
        }

        if (query.Compare is null)
        {
            return;
        }

        if (query is not { Max: null, Min: null })
        {
            reader.Error("Compare", null, "is not allowed beside Max and Min: either a limit or a comparison with the old slot");
        }

        if (query.Query.Length > 0 && !QueryTemplate.Has(query.Query, QueryTemplate.Slot) && !QueryTemplate.Has(query.Query, QueryTemplate.Version))
        {
            reader.Error("Compare", null, "is not allowed: the query has neither {slot} nor {version}, so it would be compared with itself");
        }
    }
}

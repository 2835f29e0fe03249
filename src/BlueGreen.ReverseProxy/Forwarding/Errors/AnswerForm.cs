using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>The two forms in which the gateway explains an error.</summary>
internal enum AnswerForm
{
    /// <summary><c>application/problem+json</c> (RFC 9457), or a JSON file of the operator's.</summary>
    Json = 0,

    /// <summary>A page for a browser.</summary>
    Html = 1,
}

/// <summary>Chooses the form by what the client accepts.</summary>
internal static class AnswerForms
{
    /// <summary>
    /// A page for clients that prefer HTML to JSON, which browsers do; JSON for all others: those that don't say, those that accept both alike
    /// (<c>*/*</c>), and those that accept neither.
    /// </summary>
    public static AnswerForm Of(StringValues accept)
    {
        if (accept.Count == 0 || !MediaTypeHeaderValue.TryParseList(accept, out var ranges))
        {
            return AnswerForm.Json;
        }

        var json = Math.Max(QualityOf(ranges, "application", "problem+json"), QualityOf(ranges, "application", "json"));
        return QualityOf(ranges, "text", "html") > json ? AnswerForm.Html : AnswerForm.Json;
    }

    // RFC 9110, 12.5.1: the most specific range counts, whatever the others say.
    private static double QualityOf(IList<MediaTypeHeaderValue> ranges, string type, string subtype)
    {
        var (best, quality) = (0, 0.0);
        foreach (var range in ranges)
        {
            var specific = Is(range.Type, type) && Is(range.SubType, subtype) ? 3
                : Is(range.Type, type) && range.MatchesAllSubTypes ? 2
                : range.MatchesAllTypes ? 1
                : 0;
            if (specific > 0 && specific >= best)
            {
                var said = range.Quality ?? 1;
                quality = specific > best ? said : Math.Max(said, quality);
                best = specific;
            }
        }

        return quality;
    }

    private static bool Is(StringSegment one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}

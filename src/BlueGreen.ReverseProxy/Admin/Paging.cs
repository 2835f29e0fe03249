using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Lists in pages: <c>limit</c> and <c>before</c>, and a link to the next page where there is one (RFC 8288).</summary>
internal static class Paging
{
    public const int DefaultLimit = 50;

    public const int MaxLimit = 500;

    /// <summary>What is wrong with a limit that <see cref="TryReadLimit"/> refuses.</summary>
    public static string LimitRule { get; } = string.Create(CultureInfo.InvariantCulture, $"must be a whole number from 1 to {MaxLimit}");

    public static bool TryReadLimit(string? text, out int limit)
    {
        limit = DefaultLimit;
        return text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit);
    }

    /// <summary>Takes one page, and sets <c>Link</c> when there is more.</summary>
    /// <param name="context">The call.</param>
    /// <param name="items">Everything from the start of the page on.</param>
    /// <param name="limit">The length of a page.</param>
    /// <param name="cursor">What <c>before</c> has to be for the page after this item.</param>
    public static List<T> Take<T>(HttpContext context, IEnumerable<T> items, int limit, Func<T, string> cursor)
    {
        var page = items.Take(limit + 1).ToList();
        if (page.Count <= limit)
        {
            return page;
        }

        page.RemoveAt(limit);
        var query = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["service"] = context.Request.Query["service"],
            ["limit"] = limit.ToString(CultureInfo.InvariantCulture),
            ["before"] = cursor(page[^1]),
        };

        // Relative, so that it holds whatever name or port the caller reaches the gateway by.
        context.Response.Headers.Link = $"<{QueryHelpers.AddQueryString(context.Request.Path.ToUriComponent(), query)}>; rel=\"next\"";
        return page;
    }
}

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>FailOn</c>: a metric of its own.</summary>
/// <param name="Name">As it was written: <c>5xx</c>, <c>401</c>.</param>
/// <param name="Codes">The status codes that are bad.</param>
public sealed record FailureMetric(string Name, StatusCodeSet Codes)
{
    /// <summary>Server errors, and what a destination breaks off. Every service has it.</summary>
    public static FailureMetric Errors { get; } = new("5xx", StatusCodeSet.TryParse("500-599", out var codes) ? codes : StatusCodeSet.Ok);

    /// <summary>Reads an entry: a class such as <c>4xx</c>, codes, ranges.</summary>
    /// <param name="text">The entry.</param>
    /// <param name="metric">The metric, when true is returned.</param>
    public static bool TryParse(string text, out FailureMetric metric)
    {
        ArgumentNullException.ThrowIfNull(text);
        var isClass = text is [>= '1' and <= '5', 'x' or 'X', 'x' or 'X'];
        var parsed = StatusCodeSet.TryParse(isClass ? $"{text[0]}00-{text[0]}99" : text, out var codes);
        metric = isClass && text[0] == '5' ? Errors : new FailureMetric(text.ToLowerInvariant(), codes);
        return parsed;
    }
}

using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing.Template;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Which paths a route's template takes, as the router has it: an empty segment is taken by a catch-all only. Constraints are left out.</summary>
internal sealed class PathPattern
{
    private readonly RouteTemplate _template;
    private readonly Regex?[] _composed;

    public PathPattern(string template)
    {
        _template = TemplateParser.Parse(template);
        _composed = [.. _template.Segments.Select(static segment => segment.IsSimple ? null : Compose(segment))];
    }

    public bool Matches(string path)
    {
        var segments = path.Split('/')[1..];
        var count = segments.Length > 0 && segments[^1].Length == 0 ? segments.Length - 1 : segments.Length;
        for (var index = 0; index < _template.Segments.Count; index++)
        {
            var segment = _template.Segments[index];
            if (segment.IsSimple && segment.Parts[0].IsCatchAll)
            {
                return true;
            }

            if (index >= count)
            {
                return segment.IsSimple && (segment.Parts[0].IsOptional || segment.Parts[0].DefaultValue is not null)
                    && index == _template.Segments.Count - 1;
            }

            var isTaken = segments[index].Length > 0
                && (_composed[index] is { } composed
                    ? composed.IsMatch(segments[index]) && !EndsWithSeparator(segment, segments[index])
                    : (segment.Parts[0].IsParameter || string.Equals(segment.Parts[0].Text, segments[index], StringComparison.OrdinalIgnoreCase)));
            if (!isTaken)
            {
                return false;
            }
        }

        return count <= _template.Segments.Count;
    }

    // {name}.{extension?} takes "a" and "a.b", and not "a.".
    private static bool EndsWithSeparator(TemplateSegment segment, string text) =>
        segment.Parts.FirstOrDefault(static part => part.IsOptionalSeperator)?.Text is { } separator && text.EndsWith(separator, StringComparison.Ordinal);

    // A segment of text and parameters, such as {name}.{extension?}.
    private static Regex Compose(TemplateSegment segment)
    {
        var text = new StringBuilder("^");
        foreach (var part in segment.Parts)
        {
            if (part.IsOptionalSeperator)
            {
                text.Append("(?:").Append(Regex.Escape(part.Text!));
            }
            else
            {
                text.Append(part.IsLiteral ? Regex.Escape(part.Text!) : part.IsOptional ? ".+)?" : ".+");
            }
        }

        return new Regex(text.Append('$').ToString(), RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }
}

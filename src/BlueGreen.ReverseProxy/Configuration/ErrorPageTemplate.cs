using System.Text;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A text with places for what is known of an error: <c>{{status}}</c>, <c>{{title}}</c>, <c>{{detail}}</c>, <c>{{traceId}}</c>.</summary>
/// <remarks>Cut up once, so that a value that looks like a place is not filled in again.</remarks>
internal sealed class ErrorPageTemplate
{
    private const string Open = "{{";
    private const string Close = "}}";

    private readonly List<(string Text, string? Place)> _parts = [];

    public ErrorPageTemplate(string text)
    {
        var rest = 0;
        for (var open = text.IndexOf(Open, StringComparison.Ordinal); open >= 0; open = text.IndexOf(Open, open + 1, StringComparison.Ordinal))
        {
            var close = text.IndexOf(Close, open, StringComparison.Ordinal);
            if (close < 0)
            {
                break;
            }

            // Anything else between such braces is the page's own.
            if (text[(open + Open.Length)..close].Trim() is "status" or "title" or "detail" or "traceId")
            {
                _parts.Add((text[rest..open], text[(open + Open.Length)..close].Trim()));
                rest = close + Close.Length;
                open = rest - 1;
            }
        }

        _parts.Add((text[rest..], null));
    }

    public byte[] Fill(Func<string, string> valueOf)
    {
        var filled = new StringBuilder();
        foreach (var (text, place) in _parts)
        {
            filled.Append(text).Append(place is null ? "" : valueOf(place));
        }

        return Encoding.UTF8.GetBytes(filled.ToString());
    }
}

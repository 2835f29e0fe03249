using System.Globalization;
using System.Text;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>
/// Writes metrics in the text format of Prometheus, version 0.0.4: <c>https://prometheus.io/docs/instrumenting/exposition_formats/</c>.
/// </summary>
internal sealed class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Begins a metric.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type"><c>gauge</c>, <c>counter</c> or <c>histogram</c>.</param>
    /// <param name="help">What it says, on one line.</param>
    public MetricsText Begin(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n').Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    /// <summary>Adds a sample.</summary>
    public void Add(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var index = 0; index < labels.Length; index++)
        {
            _text.Append(index == 0 ? '{' : ',').Append(labels[index].Name).Append("=\"");
            AppendEscaped(labels[index].Value);
            _text.Append('"').Append(index == labels.Length - 1 ? "}" : "");
        }

        _text.Append(' ').Append(Format(value)).Append('\n');
    }

    public static string Format(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    public override string ToString() => _text.ToString();

    private void AppendEscaped(string value)
    {
        foreach (var character in value)
        {
            _ = character switch
            {
                '\\' => _text.Append(@"\\"),
                '"' => _text.Append("\\\""),
                '\n' => _text.Append(@"\n"),
                _ => _text.Append(character),
            };
        }
    }
}

using System.Globalization;
using System.Text;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>Bars on a logarithmic scale, one group a row, one bar a detector.</summary>
internal static class SvgChart
{
    private const int Width = 900;
    private const int Left = 290;
    private const int BarHeight = 14;
    private const int Gap = 16;
    private const int LegendTop = 36;
    private const int LegendLine = 18;

    private static readonly string[] Colors = ["#b3b3b3", "#8da0cb", "#fc8d62", "#1b9e77", "#e78ac3", "#a6d854", "#66a61e", "#386cb0"];

    public static string ConfirmedFalseRollbacks(IReadOnlyList<string> rules, IReadOnlyList<(string World, IReadOnlyList<Share> Shares)> rows) => FalseRollbacks(
        "Both slots alike: false rollbacks (logarithmic; whiskers: 95 % interval)", rules, rows);

    public static string ConfirmedBadResponses(IReadOnlyList<string> rules, IReadOnlyList<(string World, IReadOnlyList<double?> Bad)> rows) => BadResponses(
        "Bad responses served until the rollback, median (logarithmic)", rules, rows);

    public static string FalseRollbacks(IReadOnlyList<(string Scenario, IReadOnlyList<Share> Shares)> rows) => FalseRollbacks(
        "False rollbacks of a clean release (logarithmic; whiskers: 95 % interval)", Names, rows);

    public static string BadResponses(IReadOnlyList<(string Lift, IReadOnlyList<double?> Bad)> rows) => BadResponses(
        "Bad responses served until the rollback, mean, at 100 requests/s (logarithmic)", Names, [.. rows.Select(row => ($"{row.Lift} points", row.Bad))]);

    private static IReadOnlyList<string> Names => [.. Detector.All.Select(detector => detector.Name)];

    private static string FalseRollbacks(string title, IReadOnlyList<string> names, IReadOnlyList<(string Scenario, IReadOnlyList<Share> Shares)> rows) => Draw(
        title,
        names,
        [.. rows.Select(row => (row.Scenario, (IReadOnlyList<Bar>)[.. row.Shares.Select(share => new Bar(
            share.Value, string.Create(CultureInfo.InvariantCulture, $"{share.Value * 100:0.##} %"), share.Low, share.High))]))],
        from: 0.0001,
        to: 1,
        [(0.0001, "0.01 %"), (0.001, "0.1 %"), (0.01, "1 % = α"), (0.1, "10 %"), (1, "100 %")]);

    private static string BadResponses(string title, IReadOnlyList<string> names, IReadOnlyList<(string Lift, IReadOnlyList<double?> Bad)> rows) => Draw(
        title,
        names,
        [.. rows.Select(row => (row.Lift, (IReadOnlyList<Bar>)[.. row.Bad.Select(bad => bad is { } value
            ? new Bar(value, string.Create(CultureInfo.InvariantCulture, $"{value:#,0.#}"), null, null)
            : new Bar(0, "mostly or always missed", null, null))]))],
        from: 1,
        to: 100_000,
        [(1, "1"), (10, "10"), (100, "100"), (1000, "1,000"), (10_000, "10,000"), (100_000, "100,000")]);

    private static string Draw(string title, IReadOnlyList<string> names, IReadOnlyList<(string Label, IReadOnlyList<Bar> Bars)> groups, double from, double to, IReadOnlyList<(double At, string Label)> ticks)
    {
        var first = LegendTop + ((names.Count + 1) / 2 * LegendLine) + 20;
        var height = first + groups.Sum(group => (group.Bars.Count * BarHeight) + Gap) + 30;
        double X(double value) => Left + (Math.Clamp(Math.Log(Math.Max(value, from) / from) / Math.Log(to / from), 0, 1) * (Width - Left - 110));
        var svg = new StringBuilder();
        void Add(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" font-family="sans-serif" font-size="11">""");
        Add($"""<rect width="{Width}" height="{height}" fill="white"/>""");
        Add($"""<text x="10" y="20" font-size="14" font-weight="bold">{title}</text>""");
        for (var index = 0; index < names.Count; index++)
        {
            var (x, y) = (10 + (index % 2 * 420), LegendTop + (index / 2 * LegendLine));
            Add($"""<rect x="{x}" y="{y}" width="12" height="12" fill="{Colors[index]}"/><text x="{x + 18}" y="{y + 10}">{names[index]}</text>""");
        }

        foreach (var (at, label) in ticks)
        {
            Add($"""<line x1="{X(at):0.#}" x2="{X(at):0.#}" y1="{first - 6}" y2="{height - 24}" stroke="#ddd"/><text x="{X(at):0.#}" y="{height - 8}" text-anchor="middle" fill="#555">{label}</text>""");
        }

        var top = first;
        foreach (var (label, bars) in groups)
        {
            Add($"""<text x="{Left - 8}" y="{top + (bars.Count * BarHeight / 2) + 4}" text-anchor="end">{label}</text>""");
            for (var index = 0; index < bars.Count; index++)
            {
                var bar = bars[index];
                var y = top + (index * BarHeight);
                var end = Math.Max(bar.Value > 0 ? X(bar.Value) : Left, bar.High is { } most ? X(most) : Left);
                Add($"""<rect x="{Left}" y="{y}" width="{(bar.Value > 0 ? X(bar.Value) - Left : 0):0.#}" height="{BarHeight - 3}" fill="{Colors[index]}"/>""");
                if (bar is { Low: { } low, High: { } high })
                {
                    Add($"""<line x1="{X(low):0.#}" x2="{X(high):0.#}" y1="{y + 5}" y2="{y + 5}" stroke="#333"/>""");
                }

                Add($"""<text x="{end + 5:0.#}" y="{y + 10}" fill="#333">{bar.Text}</text>""");
            }

            top += (bars.Count * BarHeight) + Gap;
        }

        Add($"</svg>");
        return svg.ToString();
    }

    private sealed record Bar(double Value, string Text, double? Low, double? High);
}

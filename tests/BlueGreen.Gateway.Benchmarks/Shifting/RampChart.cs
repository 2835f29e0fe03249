using System.Globalization;
using System.Text;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.Gateway.Benchmarks.Shifting;

/// <summary>The weight over time of a good version, one line a way to get there; time on a logarithmic scale.</summary>
internal static class RampChart
{
    private const int Width = 900;
    private const int Height = 420;
    private const int Left = 60;
    private const int Top = 120;
    private const double First = 0.5;
    private const double Last = 2_700;
    private const double Rate = 100;

    private static readonly string[] Colors = ["#666666", "#8da0cb", "#1b9e77", "#fc8d62", "#e78ac3"];

    public static string Draw(int seed)
    {
        var svg = new StringBuilder();
        void Add(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        double X(double seconds) => Left + (Math.Clamp(Math.Log(Math.Max(seconds, First) / First) / Math.Log(Last / First), 0, 1) * (Width - Left - 30));
        double Y(double share) => Height - 40 - (share * (Height - 40 - Top));
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="11">""");
        Add($"""<rect width="{Width}" height="{Height}" fill="white"/>""");
        Add($"""<text x="10" y="20" font-size="14" font-weight="bold">The share of the traffic that a good version has, at {Rate} requests/s (time logarithmic)</text>""");
        foreach (var (at, label) in new[] { (1.0, "1 s"), (10, "10 s"), (60, "1 min"), (300, "5 min"), (600, "10 min"), (1_800, "30 min") })
        {
            Add($"""<line x1="{X(at):0.#}" x2="{X(at):0.#}" y1="{Top}" y2="{Height - 40}" stroke="#ddd"/><text x="{X(at):0.#}" y="{Height - 22}" text-anchor="middle" fill="#555">{label}</text>""");
        }

        foreach (var share in new[] { 0, 0.25, 0.5, 0.75, 1 })
        {
            Add($"""<line x1="{Left}" x2="{Width - 30}" y1="{Y(share):0.#}" y2="{Y(share):0.#}" stroke="#eee"/><text x="{Left - 6}" y="{Y(share) + 4:0.#}" text-anchor="end" fill="#555">{share * 100:0} %</text>""");
        }

        for (var index = 0; index < Rollout.All.Count; index++)
        {
            var (x, y) = (10 + (index % 2 * 440), 36 + (index / 2 * 18));
            Add($"""<rect x="{x}" y="{y}" width="12" height="12" fill="{Colors[index]}"/><text x="{x + 18}" y="{y + 10}">{Rollout.All[index].Name}</text>""");
            Add($"""<polyline fill="none" stroke="{Colors[index]}" stroke-width="2" points="{string.Join(' ', Line(Rollout.All[index], seed).Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.At):0.#},{Y(point.Share):0.#}")))}"/>""");
        }

        Add($"</svg>");
        return svg.ToString();
    }

    private static List<(double At, double Share)> Line(Rollout rollout, int seed)
    {
        var points = new List<(double, double)>();
        var last = -1.0;
        RolloutRun.Of(rollout with { Begin = rate => new Observed(rollout.Begin(rate), (at, share) =>
        {
            if (share != last)
            {
                points.Add((at, Math.Max(last, 0)));
                points.Add((at, share));
                last = share;
            }
        }) }, ReleaseFault.None, Rate, Last, seed);
        points.Add((Last, Math.Max(last, 0)));
        return points;
    }

    private sealed class Observed : IRolloutRule
    {
        private readonly IRolloutRule _rule;
        private readonly Action<double, double> _weight;

        public Observed(IRolloutRule rule, Action<double, double> weight)
        {
            (_rule, _weight) = (rule, weight);
            weight(First, rule.Weight / (double)TrafficSplit.Whole);
        }

        public int Weight => _rule.Weight;

        public double Interval => _rule.Interval;

        public long Room(long hanging) => _rule.Room(hanging);

        public bool See(Second seen)
        {
            var result = _rule.See(seen);
            _weight(seen.At, _rule.Weight / (double)TrafficSplit.Whole);
            return result;
        }
    }
}

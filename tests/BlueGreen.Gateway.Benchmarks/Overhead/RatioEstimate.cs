namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>The median ratio of a proxy to another one, and where it lies with 95 % confidence.</summary>
/// <param name="Median">Over all blocks.</param>
/// <param name="Low">The lower end of the interval.</param>
/// <param name="High">The upper end of the interval.</param>
internal sealed record RatioEstimate(double Median, double Low, double High)
{
    private const int Resamples = 10_000;

    // The same blocks have the same interval.
    private const int Seed = 20250101;

    /// <remarks>
    /// Blocks of one start of the processes are alike: where code and heap lie and what the compiler has chosen stays for the
    /// life of a process. So whole starts are drawn first, then blocks within each; blocks alone would make the interval too narrow.
    /// </remarks>
    public static RatioEstimate Of(IReadOnlyCollection<Block> blocks, string variant, string reference, Func<Measurement, double> value)
    {
        var byProcess = blocks
            .GroupBy(block => block.Process)
            .Select(process => process.Select(block => block.RatioOf(variant, reference, value)).ToArray())
            .ToArray();
        var random = new Random(Seed);
        var medians = new double[Resamples];
        for (var resample = 0; resample < Resamples; resample++)
        {
            var drawn = byProcess.Select(_ => byProcess[random.Next(byProcess.Length)]);
            medians[resample] = Quantile([.. drawn.SelectMany(ratios => ratios.Select(_ => ratios[random.Next(ratios.Length)]))], 0.5);
        }

        return new RatioEstimate(Quantile([.. byProcess.SelectMany(ratios => ratios)], 0.5), Quantile(medians, 0.025), Quantile(medians, 0.975));
    }

    /// <summary>A quantile, interpolated.</summary>
    public static double Quantile(double[] values, double quantile)
    {
        Array.Sort(values);
        var position = (values.Length - 1) * quantile;
        var below = (int)position;
        var above = Math.Min(below + 1, values.Length - 1);
        return values[below] + ((values[above] - values[below]) * (position - below));
    }

    /// <summary>As a difference in percent.</summary>
    public override string ToString() => $"{Percent(Median)} ({Percent(Low)} to {Percent(High)})";

    private static string Percent(double ratio) => $"{(ratio - 1) * 100:+0.0;-0.0;0.0} %";
}

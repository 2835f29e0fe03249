using System.Globalization;
using BlueGreen.Gateway.Benchmarks.Overhead;

namespace BlueGreen.Gateway.Benchmarks.Mirroring;

/// <summary>Measures what mirroring does to the requests of clients: windows with and without a mirror in turn.</summary>
/// <param name="gateway">The gateway.</param>
/// <param name="standbys">The addresses of the standbys.</param>
/// <param name="send">Has the load sent; calls back when counting begins.</param>
/// <param name="figures">The gateway's processor time and memory.</param>
/// <param name="output">Where the table goes.</param>
internal sealed class MirrorMeasurement(
    MirroredGateway gateway,
    IReadOnlyDictionary<StandbyKind, string> standbys,
    Func<MirrorCell, TimeSpan, Action, Task<int[]>> send,
    Func<(TimeSpan Processor, long ResidentBytes)> figures,
    TextWriter output)
{
    private const int Resamples = 10_000;

    // The same windows have the same interval.
    private const int Seed = 20260101;

    public async Task WarmUpAsync(int bodyBytes, TimeSpan length)
    {
        await gateway.DeployStandbyAsync(standbys[StandbyKind.Healthy]);
        await MeasureAsync(new(StandbyKind.Healthy, bodyBytes, 100, Rate: 0), length, isMirrored: true);
        await MeasureAsync(new(StandbyKind.Healthy, bodyBytes, 0, Rate: 0), length, isMirrored: false);
    }

    public async Task RunAsync(IEnumerable<MirrorCell> cells, int pairs, TimeSpan length)
    {
        await output.WriteLineAsync("| standby | body | second copies | requests/s without, with | p50 ms without, with | p99 ms without, with | p99 with/without | CPU µs per request without, with | copies/s | CPU µs per copy | memory MB without, with | |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var cell in cells)
        {
            await gateway.DeployStandbyAsync(standbys[cell.Standby]);
            var measured = new List<MirrorPair>();
            for (var pair = 0; pair < pairs; pair++)
            {
                var first = await MeasureAsync(cell, length, isMirrored: pair % 2 == 0);
                var second = await MeasureAsync(cell, length, isMirrored: pair % 2 == 1);
                measured.Add(pair % 2 == 0 ? new(second, first) : new(first, second));
            }

            await output.WriteLineAsync(Row(cell, measured));
            await output.FlushAsync();
        }
    }

    private async Task<MirrorWindow> MeasureAsync(MirrorCell cell, TimeSpan length, bool isMirrored)
    {
        if (isMirrored)
        {
            await gateway.StartAsync(cell.NoisePercent);
        }

        var (before, copiesBefore) = (TimeSpan.Zero, Task.FromResult(0L));
        var times = await send(cell, length, () =>
        {
            before = figures().Processor;
            copiesBefore = isMirrored ? gateway.CountCopiesAsync() : copiesBefore;
        });
        var (processor, resident) = figures();
        var copies = isMirrored ? await gateway.CountCopiesAsync() - await copiesBefore : 0;
        var ended = isMirrored ? await gateway.StopAsync() : null;
        return new MirrorWindow(times, length, processor - before, resident, copies, ended);
    }

    private static string Row(MirrorCell cell, List<MirrorPair> pairs)
    {
        double Median(Func<MirrorPair, double> value) => RatioEstimate.Quantile([.. pairs.Select(value)], 0.5);
        string Both(Func<MirrorWindow, double> value, string format) =>
            string.Create(CultureInfo.InvariantCulture, $"{Median(pair => value(pair.Without)).ToString(format, CultureInfo.InvariantCulture)}, {Median(pair => value(pair.With)).ToString(format, CultureInfo.InvariantCulture)}");

        // A slow standby may have all of its places taken before it is counted.
        var perCopy = pairs.Exists(pair => pair.With.Copies == 0)
            ? "–"
            : Median(pair => (pair.With.MicrosecondsPerRequest - pair.Without.MicrosecondsPerRequest) / pair.With.CopiesPerRequest).ToString("0", CultureInfo.InvariantCulture);
        var (ratio, low, high) = Interval([.. pairs.Select(pair => pair.With.P99 / pair.Without.P99)]);
        var ended = pairs.Select(pair => pair.With.EndedBecause).FirstOrDefault(why => why is not null);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {cell.Standby.ToString().ToLowerInvariant()} | {cell.BodyBytes / 1024} KB | {cell.NoisePercent} % | {Both(window => window.RequestsPerSecond, "#,0")} | {Both(window => window.P50, "0.00")} | {Both(window => window.P99, "0.00")} | {ratio:0.00} ({low:0.00} to {high:0.00}) | {Both(window => window.MicrosecondsPerRequest, "0")} | {Median(pair => pair.With.Copies / pair.With.Length.TotalSeconds):0} | {perCopy} | {Both(window => window.ResidentBytes / 1e6, "0")} | {ended} |");
    }

    // The median, and where it lies with 95 % confidence.
    private static (double Median, double Low, double High) Interval(double[] ratios)
    {
        var random = new Random(Seed);
        var medians = new double[Resamples];
        for (var resample = 0; resample < Resamples; resample++)
        {
            medians[resample] = RatioEstimate.Quantile([.. ratios.Select(_ => ratios[random.Next(ratios.Length)])], 0.5);
        }

        return (RatioEstimate.Quantile([.. ratios], 0.5), RatioEstimate.Quantile(medians, 0.025), RatioEstimate.Quantile(medians, 0.975));
    }
}

namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>The tables of <see cref="OverheadCommand"/>.</summary>
internal static class OverheadReport
{
    public static void WriteHead()
    {
        Console.WriteLine("| process | block | proxy | CPU µs/request, there and back | requests/s, there and back | share of the core |");
        Console.WriteLine("|---|---|---|---|---|---|");
    }

    public static void WriteRow(int process, int block, string variant, Measurement there, Measurement back) => Console.WriteLine(
        $"| {process} | {block} | {variant} | {there.MicrosecondsPerRequest:0.00} {back.MicrosecondsPerRequest:0.00} "
        + $"| {there.RequestsPerSecond:0} {back.RequestsPerSecond:0} | {there.ShareOfCore:0.00} {back.ShareOfCore:0.00} |");

    public static void WriteAlone(IEnumerable<Variant> variants, IReadOnlyCollection<Block> blocks)
    {
        Console.WriteLine();
        Console.WriteLine($"One at a time. Medians of {blocks.Count} blocks; differences to plain with their 95 % bootstrap interval.");
        Console.WriteLine();
        Console.WriteLine("| proxy | CPU µs/request | CPU against plain | requests/s | requests/s against plain | bytes/request |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var name in variants.Select(variant => variant.Name))
        {
            var bytes = MedianOf(blocks, name, measurement => measurement.BytesPerRequest ?? double.NaN);
            Console.WriteLine(
                $"| {name} | {MedianOf(blocks, name, Cost):0.00} | {Against(blocks, name, Cost)} "
                + $"| {MedianOf(blocks, name, Rate):0} | {Against(blocks, name, Rate)} | {(double.IsNaN(bytes) ? "not asked" : $"{bytes:0}")} |");
        }
    }

    /// <summary>What measuring the responses costs: the gateway with it, and with a bake that watches, against the gateway without it.</summary>
    public static void WriteMeasurement(IReadOnlyCollection<Variant> variants, IReadOnlyCollection<Block> blocks)
    {
        if (!variants.Contains(Variant.Unmeasured))
        {
            return;
        }

        Console.WriteLine();
        Console.WriteLine("The measurement, against the gateway without it.");
        Console.WriteLine();
        Console.WriteLine("| gateway | CPU against unmeasured | requests/s against unmeasured |");
        Console.WriteLine("|---|---|---|");
        foreach (var name in variants.Select(variant => variant.Name).Where(name => name is "blue" or "watched"))
        {
            Console.WriteLine(
                $"| {name} | {RatioEstimate.Of(blocks, name, Variant.Unmeasured.Name, Cost)} | {RatioEstimate.Of(blocks, name, Variant.Unmeasured.Name, Rate)} |");
        }
    }

    public static void WriteTogether(IEnumerable<Variant> variants, IReadOnlyCollection<Block> rounds)
    {
        Console.WriteLine();
        Console.WriteLine("Each together with plain on the same core at the same time, medians.");
        Console.WriteLine();
        Console.WriteLine("| proxy | rounds | CPU against plain |");
        Console.WriteLine("|---|---|---|");
        foreach (var name in variants.Select(variant => variant.Name).Where(name => name != Variant.Plain.Name))
        {
            var own = rounds.Where(round => round.ByVariant.ContainsKey(name)).ToList();
            Console.WriteLine($"| {name} | {own.Count} | {Against(own, name, Cost)} |");
        }
    }

    private static double Cost(Measurement measurement) => measurement.MicrosecondsPerRequest;

    private static double Rate(Measurement measurement) => measurement.RequestsPerSecond;

    private static double MedianOf(IEnumerable<Block> blocks, string variant, Func<Measurement, double> value) =>
        RatioEstimate.Quantile([.. blocks.Select(block => value(block.ByVariant[variant]))], 0.5);

    private static string Against(IReadOnlyCollection<Block> blocks, string variant, Func<Measurement, double> value) =>
        variant == Variant.Plain.Name ? "–" : RatioEstimate.Of(blocks, variant, Variant.Plain.Name, value).ToString();
}

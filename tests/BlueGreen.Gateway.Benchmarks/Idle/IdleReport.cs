namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>The tables of <see cref="IdleCommand"/>.</summary>
internal static class IdleReport
{
    private const double Megabyte = 1024 * 1024;

    public static void WriteIdle(
        IdleKind kind, IEnumerable<string> proxies, IReadOnlyCollection<(string Proxy, IdleMeasurement Figures)> measured, int connections, int seconds, int repeats)
    {
        var what = kind == IdleKind.WebSockets ? "idle WebSockets" : "idle keep-alive connections";
        Console.WriteLine();
        Console.WriteLine($"{connections} {what}; median of {repeats} (lowest to highest).");
        Console.WriteLine();
        Console.WriteLine($"| proxy | RSS before, MB | RSS open, MB | RSS bytes each | live managed bytes each | CPU s to open them | CPU s in {seconds} s idle |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var proxy in proxies)
        {
            var own = measured.Where(one => one.Proxy == proxy).Select(one => one.Figures).ToList();
            Console.WriteLine(
                $"| {proxy} | {Spread(own, one => one.ResidentBefore / Megabyte, "0")} | {Spread(own, one => one.ResidentOpen / Megabyte, "0")} "
                + $"| {Spread(own, one => one.ResidentPerConnection, "#,0")} "
                + $"| {(own.TrueForAll(one => one.LivePerConnection is not null) ? Spread(own, one => one.LivePerConnection!.Value, "#,0") : "not asked")} "
                + $"| {Spread(own, one => one.ProcessorOpening.TotalSeconds, "0.00")} | {Spread(own, one => one.ProcessorIdle.TotalSeconds, "0.00")} |");
        }
    }

    public static void WriteCutoverHead(int connections, TimeSpan spread)
    {
        Console.WriteLine();
        Console.WriteLine($"Cutover with {connections} WebSockets open, Grace 0, Spread {spread.TotalSeconds:0} s.");
        Console.WriteLine();
        Console.WriteLine("| run | drained after, s | first to last close, s | closed with 1012 | other codes | without a close frame | resets | most within 100 ms | gateway's CPU s |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
    }

    public static void WriteCutover(int run, CutoverMeasurement measured)
    {
        var ends = measured.Departures;
        Console.WriteLine(
            $"| {run} | {measured.Drain.TotalSeconds:0.00} | {ends.Length.TotalSeconds:0.00} | {ends.ServiceRestart} | {ends.Others} "
            + $"| {ends.Torn} | {ends.Reset} | {ends.MostWithinWindow} | {measured.Processor.TotalSeconds:0.00} |");
    }

    private static string Spread(List<IdleMeasurement> all, Func<IdleMeasurement, double> value, string format)
    {
        var sorted = all.Select(value).Order().ToList();
        string Text(double number) => number.ToString(format);
        return sorted.Count == 1
            ? Text(sorted[0])
            : $"{Text(Overhead.RatioEstimate.Quantile([.. sorted], 0.5))} ({Text(sorted[0])} to {Text(sorted[^1])})";
    }
}

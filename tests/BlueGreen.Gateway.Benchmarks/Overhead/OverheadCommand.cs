using BlueGreen.Gateway.Benchmarks.Hosts;
using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>
/// What the gateway costs a request: proxies on one core, load and API on the other. First one proxy under load at a time; the order
/// of the proxies is reversed within every block, which cancels a drift of the machine, and moves on from block to block. Then each
/// proxy together with plain YARP, which cancels what disturbs both.
/// </summary>
internal static class OverheadCommand
{
    private const int ProxyCore = 0;
    private const int OtherCore = 1;

    // A round together is shorter than a block, so that there is time for more of them.
    private const int RoundsTogether = 2;

    public static readonly string[] Options = ["--processes", "--blocks", "--seconds", "--warmup", "--variants"];

    public static async Task<int> RunAsync(CommandOptions options)
    {
        if (Environment.ProcessorCount < 2)
        {
            await Console.Error.WriteLineAsync("Two cores are needed: one for the proxy, one for load and API.");
            return 1;
        }

        var variants = VariantsOf(options);
        var processes = options.Number("--processes", 4, most: 100);
        var blocks = options.Number("--blocks", 3, most: 100);
        var seconds = options.Number("--seconds", 1, most: 60);
        var warmup = options.Number("--warmup", 5, most: 60);
        OverheadReport.WriteHead();
        var alone = new List<Block>();
        var together = new List<Block>();
        for (var process = 1; process <= processes; process++)
        {
            await MeasureProcessesAsync(process, variants, blocks, seconds, warmup, alone, together);
        }

        OverheadReport.WriteAlone(variants, alone);
        OverheadReport.WriteMeasurement(variants, alone);
        OverheadReport.WriteTogether(variants, together);
        return 0;
    }

    private static Variant[] VariantsOf(CommandOptions options)
    {
        if (options.Text("--variants") is not { } text)
        {
            return [.. Variant.All];
        }

        var names = text.Split(',');
        return names.FirstOrDefault(name => Variant.All.All(variant => variant.Name != name)) is { } unknown
            ? throw new UsageException($"Unknown variant: {unknown}. There are {string.Join(", ", Variant.All.Select(variant => variant.Name))}.")
            : [.. Variant.All.Where(variant => variant == Variant.Plain || names.Contains(variant.Name, StringComparer.Ordinal))];
    }

    private static async Task MeasureProcessesAsync(
        int process, Variant[] variants, int blocks, int seconds, int warmup, List<Block> alone, List<Block> together)
    {
        using var folder = new WorkFolder(Path.GetTempPath());
        await using var api = ChildProcess.StartRole(OtherCore, [ApiHost.Role]);
        var apis = (await api.ReadLineAsync()).Split(' ');
        await using var load = ChildProcess.StartRole(OtherCore, [LoadHost.Role], inlineCompletions: true);
        await using var otherLoad = ChildProcess.StartRole(OtherCore, [LoadHost.Role], inlineCompletions: true);
        var proxies = new List<MeasuredProxy>();
        try
        {
            foreach (var variant in variants)
            {
                proxies.Add(await MeasuredProxy.StartAsync(variant, ProxyCore, apis, folder));
            }

            // Twice: part of what the first pass has made hot is compiled only while the next proxy has the core, or in the second.
            foreach (var proxy in proxies.Concat(proxies))
            {
                await proxy.MeasureOnceAsync(load, warmup);
            }

            for (var block = 1; block <= blocks; block++)
            {
                var first = (block - 1) % proxies.Count;
                alone.Add(await MeasureBlockAsync(process, block, [.. proxies[first..], .. proxies[..first]], load, seconds));
            }

            for (var round = 1; round <= blocks * RoundsTogether; round++)
            {
                foreach (var proxy in proxies.Skip(1))
                {
                    together.Add(await MeasureTogetherAsync(process, proxies[0], proxy, load, otherLoad, seconds));
                }
            }
        }
        finally
        {
            foreach (var proxy in proxies)
            {
                await proxy.DisposeAsync();
            }
        }
    }

    private static async Task<Block> MeasureBlockAsync(int process, int number, MeasuredProxy[] proxies, ChildProcess load, int seconds)
    {
        var there = new Dictionary<string, Measurement>(StringComparer.Ordinal);
        foreach (var proxy in proxies)
        {
            there[proxy.Variant.Name] = await proxy.MeasureAsync(load, seconds);
        }

        var both = new Dictionary<string, Measurement>(StringComparer.Ordinal);
        foreach (var proxy in proxies.Reverse())
        {
            var name = proxy.Variant.Name;
            var back = await proxy.MeasureAsync(load, seconds);
            both[name] = there[name] + back;
            OverheadReport.WriteRow(process, number, name, there[name], back);
        }

        return new Block(process, both);
    }

    // The system shares the core out between the two every few milliseconds: whatever slows the machine down meanwhile, and whatever
    // one does to the other, both have half of it.
    private static async Task<Block> MeasureTogetherAsync(
        int process, MeasuredProxy plain, MeasuredProxy other, ChildProcess load, ChildProcess otherLoad, int seconds)
    {
        var measured = await Task.WhenAll(plain.MeasureOnceAsync(load, seconds), other.MeasureOnceAsync(otherLoad, seconds));
        return new Block(process, new Dictionary<string, Measurement>(StringComparer.Ordinal)
        {
            [plain.Variant.Name] = measured[0],
            [other.Variant.Name] = measured[1],
        });
    }
}

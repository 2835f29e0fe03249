using BlueGreen.Gateway.Benchmarks.Hosts;
using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Switching;

/// <summary>
/// The whole switch, against the gateway as it is shipped: from the call of the admin API to the answer that says "switched".
/// </summary>
internal static class HttpSwitchRun
{
    private const string MemoryFolder = "/dev/shm";
    private const int Warmup = 20;

    public static async Task RunAsync(int switches, string diskFolder)
    {
        await using var api = ChildProcess.StartRole(core: null, [ApiHost.Role]);
        var apis = (await api.ReadLineAsync()).Split(' ');
        Console.WriteLine("| state | routes | gates | switches | p50 ms | p99 ms | max ms |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var (place, folder) in new[] { ("disk", diskFolder), ("memory", MemoryFolder) })
        {
            if (!Directory.Exists(folder))
            {
                continue;
            }

            foreach (var routes in new[] { 1, 100, 10_000 })
            {
                await MeasureAsync(place, folder, routes, apis, switches);
            }
        }
    }

    private static async Task MeasureAsync(string place, string parent, int routes, string[] apis, int switches)
    {
        using var folder = new WorkFolder(parent);
        var file = folder.File("gateway.json");
        new ProxyConfigurationFile(apis[0], apis[1]) { RouteCount = routes }.Write(file);
        await using var gateway = ChildProcess.StartGateway(core: null, file);
        var admin = new Uri(await gateway.ReadWordAfterAsync("Administration on"));
        var traffic = new Uri(await gateway.ReadWordAfterAsync("Now listening on:"));
        gateway.Ignore();
        using var client = new SwitchClient(admin, traffic, routes);

        // Switches are rare: for most gateways the one that compiles the code is the one that counts.
        var first = await client.SwitchAsync(number: 0, force: true);
        await client.SwitchAsync(number: 1, force: true);
        Write($"| {place} | {routes} | forced | the first of the process", [first]);
        foreach (var force in new[] { true, false })
        {
            for (var number = 0; number < Warmup; number++)
            {
                await client.SwitchAsync(number, force);
            }

            var times = new List<TimeSpan>();
            for (var number = 0; number < switches; number++)
            {
                times.Add(await client.SwitchAsync(number, force));
            }

            Write($"| {place} | {routes} | {(force ? "forced" : "verified")} | {switches}", times);
        }
    }

    private static void Write(string line, IEnumerable<TimeSpan> times)
    {
        var sorted = times.Select(time => time.TotalMilliseconds).Order().ToList();
        Console.WriteLine($"{line} | {Percentile(sorted, 50):0.00} | {Percentile(sorted, 99):0.00} | {sorted[^1]:0.00} |");
    }

    // Nearest rank: a time that was measured, and not one between two of them.
    private static double Percentile(List<double> sorted, int percent) => sorted[(int)Math.Ceiling(sorted.Count * percent / 100.0) - 1];
}

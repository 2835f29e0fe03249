using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>
/// What connections cost that do nothing. Each proxy has its own API and load process. They open their connections one proxy after
/// the other and are then idle at the same time: whatever disturbs the machine disturbs all.
/// </summary>
internal static class IdleCommand
{
    private const string WebSockets = "websockets";
    private const string Requests = "requests";
    private const string Cutover = "cutover";

    // One address has about 28,000 ports for connections to the same place, and the proxy needs one for each WebSocket.
    private const int MostConnections = 25_000;
    private const int DefaultConnections = 10_000;

    // What a process has open beside its connections.
    private const int OtherFiles = 500;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(10);

    public static readonly string[] Options = ["--only", "--connections", "--seconds", "--repeats"];

    public static async Task<int> RunAsync(CommandOptions options)
    {
        var parts = options.Text("--only") switch
        {
            null => [WebSockets, Requests, Cutover],
            WebSockets or Requests or Cutover => new[] { options.Text("--only")! },
            var other => throw new UsageException($"--only must be {WebSockets}, {Requests} or {Cutover}, not {other}."),
        };
        var wanted = options.Number("--connections", DefaultConnections, MostConnections);
        var seconds = options.Number("--seconds", 20, most: 60);
        var repeats = options.Number("--repeats", 3, most: 20);
        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("The figures are read from /proc: Linux is needed.");
            return 1;
        }

        var proxies = new List<string> { IdleProxy.Shipped, IdleProxy.Library, IdleProxy.Plain };
        if (Nginx.Find() is not null)
        {
            proxies.Add(IdleProxy.NginxName);
        }
        else
        {
            Console.WriteLine("nginx is not installed; the comparison goes on without it.");
        }

        foreach (var part in parts)
        {
            var connections = CountFor(part, wanted);
            if (part == Cutover)
            {
                await MeasureCutoversAsync(connections, repeats);
                continue;
            }

            await MeasureIdleAsync(part == WebSockets ? IdleKind.WebSockets : IdleKind.Requests, proxies, connections, seconds, repeats);
        }

        return 0;
    }

    // A proxied WebSocket is two sockets of the proxy.
    private static int CountFor(string part, int wanted)
    {
        var possible = (OpenFiles.Limit() - OtherFiles) / (part == Requests ? 1 : 2);
        if (possible >= wanted)
        {
            return wanted;
        }

        Console.WriteLine($"A process may have {OpenFiles.Limit()} files open here (ulimit -Hn): {part} with {possible} connections and not {wanted}.");
        return possible;
    }

    private static async Task MeasureIdleAsync(IdleKind kind, List<string> proxies, int connections, int seconds, int repeats)
    {
        var measured = new List<(string Proxy, IdleMeasurement Figures)>();
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            // Another one begins each time.
            var first = repeat % proxies.Count;
            measured.AddRange(await MeasureIdleOnceAsync(kind, [.. proxies[first..], .. proxies[..first]], connections, seconds));
        }

        IdleReport.WriteIdle(kind, proxies, measured, connections, seconds, repeats);
    }

    private static async Task<List<(string Proxy, IdleMeasurement Figures)>> MeasureIdleOnceAsync(
        IdleKind kind, string[] names, int connections, int seconds)
    {
        using var folder = new WorkFolder(Path.GetTempPath());
        var proxies = new List<IdleProxy>();
        try
        {
            foreach (var name in names)
            {
                proxies.Add(await IdleProxy.StartAsync(name, connections, folder));
                await proxies[^1].OpenAsync(kind, connections);
            }

            await Task.Delay(Settling);
            proxies.ForEach(proxy => proxy.BeginIdle());
            await Task.Delay(TimeSpan.FromSeconds(seconds));
            var measured = new List<(string, IdleMeasurement)>();
            foreach (var proxy in proxies)
            {
                measured.Add((proxy.Name, await proxy.EndIdleAsync()));
            }

            foreach (var proxy in proxies)
            {
                await proxy.CloseAsync();
            }

            return measured;
        }
        finally
        {
            foreach (var proxy in proxies)
            {
                await proxy.DisposeAsync();
            }
        }
    }

    private static async Task MeasureCutoversAsync(int connections, int repeats)
    {
        IdleReport.WriteCutoverHead(connections, Spread);
        for (var repeat = 1; repeat <= repeats; repeat++)
        {
            using var folder = new WorkFolder(Path.GetTempPath());
            await using var proxy = await IdleProxy.StartAsync(IdleProxy.Shipped, connections, folder, Spread);
            await proxy.OpenAsync(IdleKind.WebSockets, connections);
            var measured = await proxy.CutoverAsync();
            IdleReport.WriteCutover(repeat, measured);
            if (!measured.IsOrderly)
            {
                throw new InvalidOperationException($"Every client must be told 1012 and none cut off: {measured}");
            }
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.Benchmarks.Hosts;
using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Exclusive;

/// <summary>Many exclusive switches under load: whether both versions ever served at the same moment, what failed, and how long anybody waited.</summary>
internal static class ExclusiveCommand
{
    private const string HoldLine = "bluegreen_held_longest_wait_seconds{service=\"" + ProxyConfigurationFile.Service + "\"} ";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static readonly string[] Options = ["--switches", "--clients", "--state", "--plain"];

    public static async Task<int> RunAsync(CommandOptions options)
    {
        var switches = options.Number("--switches", 1000, most: 100_000);
        var clients = options.Number("--clients", 32, most: 1000);

        // Switches without a hold, to show that the measurement finds what it looks for.
        var isPlain = options.Number("--plain", 0, most: 1) == 1;
        await using var api = ChildProcess.StartRole(core: null, [OverlapApiHost.Role]);
        var apis = (await api.ReadLineAsync()).Split(' ');
        using var folder = new WorkFolder(options.Text("--state") ?? AppContext.BaseDirectory);
        var file = folder.File("gateway.json");
        new ProxyConfigurationFile(apis[0], apis[1]).Write(file);
        AddListeners(file);
        await using var gateway = ChildProcess.StartGateway(core: null, file);
        var admin = new Uri(await gateway.ReadWordAfterAsync("Administration on"));
        Uri[] listeners = [new(await gateway.ReadWordAfterAsync("Now listening on:")), new(await gateway.ReadWordAfterAsync("Now listening on:"))];
        gateway.Ignore();

        using var control = new HttpClient { BaseAddress = admin };
        var (http1, http2) = await SpeaksHttp1Async(control, listeners[0]) ? (listeners[0], listeners[1]) : (listeners[1], listeners[0]);
        await using var load = new ExclusiveLoad(http1, http2, clients);
        await load.UntilAsync(requests: clients * 10);
        var took = new List<double>();
        var waits = new List<double>();
        for (var number = 0; number < switches; number++)
        {
            took.Add(await SwitchAsync(control, number % 2 == 0 ? SlotName.Green : SlotName.Blue, isPlain));
            waits.Add(await LongestWaitAsync(control));
            await Task.Delay(Pause);
        }

        await load.StopAsync();
        await api.WriteLineAsync(OverlapApiHost.Report);
        var report = (await api.ReadLineAsync()).Split(' ');
        took.Sort();
        waits.Sort();
        Console.WriteLine("| switches | requests | both at once | failed | shortest gap µs | switch p50 ms | p99 ms | max ms | longest wait p50 ms | p99 ms | max ms | slowest answer ms |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {switches} | {report[0]} | {report[1]} | {load.Failures.Count} | {report[2]} | {At(took, 50):0.0} | {At(took, 99):0.0} | {took[^1]:0.0} | {At(waits, 50):0.0} | {At(waits, 99):0.0} | {waits[^1]:0.0} | {load.Slowest.TotalMilliseconds:0.0} |"));
        foreach (var failure in load.Failures.Take(10))
        {
            Console.WriteLine(failure);
        }

        return isPlain || (report[1] == "0" && load.Failures.IsEmpty) ? 0 : 1;
    }

    private static void AddListeners(string file)
    {
        var root = JsonNode.Parse(File.ReadAllText(file))!;
        root["Kestrel"] = JsonNode.Parse("""
            { "Endpoints": { "a-http1": { "Url": "http://127.0.0.1:0", "Protocols": "Http1" }, "b-http2": { "Url": "http://127.0.0.1:0", "Protocols": "Http2" } } }
            """);
        File.WriteAllText(file, root.ToJsonString());
    }

    // They are written in an order of their own.
    private static async Task<bool> SpeaksHttp1Async(HttpClient client, Uri listener)
    {
        using var response = await client.GetAsync(new Uri(listener, "/orders-0/1042"));
        return response.IsSuccessStatusCode;
    }

    // To the end of the release: the next one can't begin before.
    private static async Task<double> SwitchAsync(HttpClient control, SlotName to, bool isPlain)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/services/{ProxyConfigurationFile.Service}/cutover?until=completed")
        {
            Content = JsonContent.Create(new CutoverRequest(to, Force: true, BakeSeconds: 0) { Hold = isPlain ? null : new CutoverHold(MaxRequests: 100_000) }, ContractsJson.Default.CutoverRequest),
        };
        request.Headers.Add("Prefer", "wait=60");
        var clock = Stopwatch.StartNew();
        using var response = await control.SendAsync(request);
        var release = response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync(ContractsJson.Default.Release) : null;
        return isPlain ? clock.Elapsed.TotalMilliseconds
            : release is { Status: ReleaseStatus.Succeeded, Hold: { Exclusive: true, Seconds: { } seconds } } ? seconds * 1000
            : throw new InvalidOperationException($"cutover: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    private static async Task<double> LongestWaitAsync(HttpClient control)
    {
        var metrics = await control.GetStringAsync("/metrics");
        var start = metrics.IndexOf(HoldLine, StringComparison.Ordinal) + HoldLine.Length;
        return double.Parse(metrics.AsSpan(start, metrics.IndexOf('\n', start) - start), CultureInfo.InvariantCulture) * 1000;
    }

    // Nearest rank: a time that was measured, and not one between two of them.
    private static double At(List<double> sorted, int percent) => sorted[(int)Math.Ceiling(sorted.Count * percent / 100.0) - 1];
}

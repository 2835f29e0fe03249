using BlueGreen.Gateway.Benchmarks.Hosts;
using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>A proxy process, alone on its core while it is under load.</summary>
internal sealed class MeasuredProxy : IAsyncDisposable
{
    private const double LeastShareOfCore = 0.9;
    private const int MostAttempts = 10;

    private readonly ChildProcess _process;
    private readonly int _port;

    private MeasuredProxy(Variant variant, ChildProcess process, int port)
    {
        Variant = variant;
        _process = process;
        _port = port;
    }

    public Variant Variant { get; }

    public static async Task<MeasuredProxy> StartAsync(Variant variant, int core, string[] apis, WorkFolder folder)
    {
        var file = folder.File($"{variant.Name}.json");
        new ProxyConfigurationFile(apis[0], apis[1]) { Active = variant.Active, HasResponseHeaders = variant.HasResponseHeaders }.Write(file);
        var process = variant.Kind is { } kind
            ? ChildProcess.StartRole(core, [ProxyHost.Role, kind, file])
            : ChildProcess.StartGateway(core, file);
        var address = new Uri(await process.ReadWordAfterAsync("Now listening on:"));
        if (variant.Kind is null)
        {
            process.Ignore();
        }

        var proxy = new MeasuredProxy(variant, process, address.Port);
        await proxy.CheckAsync(address);
        return proxy;
    }

    /// <summary>Puts the proxy under load for so long and takes what that cost it; once more when something else ran there.</summary>
    /// <remarks>Whether a measurement is thrown away is decided by the share of the core alone, never by what it says of the proxy.</remarks>
    public async Task<Measurement> MeasureAsync(ChildProcess load, int seconds)
    {
        var measured = await MeasureOnceAsync(load, seconds);
        for (var attempt = 1; attempt < MostAttempts && measured.ShareOfCore < LeastShareOfCore; attempt++)
        {
            measured = await MeasureOnceAsync(load, seconds);
        }

        return measured;
    }

    /// <summary>The same, whatever else ran there.</summary>
    public async Task<Measurement> MeasureOnceAsync(ChildProcess load, int seconds)
    {
        await load.WriteLineAsync($"{_port} {seconds}");
        await ExpectAsync(load, LoadHost.Started);

        // First of all: a question to the proxy takes its time on a busy core, and would move the time away from the count.
        var processor = _process.ProcessorTime;
        var allocated = await AllocatedAsync();
        var counted = (await load.ReadLineAsync()).Split(' ');
        var spent = _process.ProcessorTime - processor;
        var bytes = await AllocatedAsync() - allocated;
        await ExpectAsync(load, LoadHost.Ended);
        return new Measurement(long.Parse(counted[0]), TimeSpan.FromTicks(long.Parse(counted[1])), spent, bytes);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task ExpectAsync(ChildProcess load, string word)
    {
        var line = await load.ReadLineAsync();
        if (line != word)
        {
            throw new InvalidOperationException($"The load says '{line}' and not '{word}'.");
        }
    }

    // The shipped gateway answers no such question.
    private async Task<long?> AllocatedAsync()
    {
        if (Variant.Kind is null)
        {
            return null;
        }

        await _process.WriteLineAsync(ProxyHost.Allocated);
        return long.Parse(await _process.ReadLineAsync());
    }

    // A comparison of proxies that do not do what they are called after would be worth nothing.
    private async Task CheckAsync(Uri address)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(address, "/orders-0/1042"));
        var environment = response.Headers.TryGetValues("X-Environment", out var values) ? values.Single() : null;
        if (!response.IsSuccessStatusCode || environment != Variant.EnvironmentHeader)
        {
            throw new InvalidOperationException($"{Variant.Name} answers {(int)response.StatusCode}, X-Environment {environment ?? "none"}.");
        }
    }
}

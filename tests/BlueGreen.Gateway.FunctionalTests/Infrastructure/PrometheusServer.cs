using System.Diagnostics;
using System.Text.Json;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A test with a real Prometheus, such as Debian's package <c>prometheus</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PrometheusFactAttribute : FactAttribute
{
    public PrometheusFactAttribute()
    {
        if (PrometheusServer.Find() is null)
        {
            Skip = "Needs prometheus on the path.";
        }
    }
}

/// <summary>A Prometheus process that scrapes ten times a second.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private const string Configuration = """
        global: { scrape_interval: 100ms, scrape_timeout: 100ms }
        scrape_configs:
          - job_name: bluegreen
            file_sd_configs: [ { files: [ targets.json ], refresh_interval: 1s } ]
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http;
    private readonly Process _process;

    private PrometheusServer()
    {
        File.WriteAllText(_folder.File("prometheus.yml"), Configuration);
        File.WriteAllText(_folder.File("targets.json"), "[]");
        var listen = $"127.0.0.1:{FreePorts.Next()}";
        Url = $"http://{listen}";
        _http = new HttpClient { BaseAddress = new Uri(Url) };
        _process = Process.Start(new ProcessStartInfo(
            Find()!, [$"--config.file={_folder.File("prometheus.yml")}", $"--storage.tsdb.path={_folder.File("data")}", $"--web.listen-address={listen}", "--log.level=error"]))!;
    }

    public string Url { get; }

    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "prometheus"))
        .FirstOrDefault(File.Exists);

    /// <summary>Starts it, with nothing to scrape: the gateway is configured with its address first.</summary>
    public static async Task<PrometheusServer> StartAsync()
    {
        var server = new PrometheusServer();
        using var limit = new CancellationTokenSource(Patience);
        while (!await server.IsReadyAsync())
        {
            await Task.Delay(50, limit.Token);
        }

        return server;
    }

    /// <summary>Begins to scrape, and waits until there is something.</summary>
    public async Task ScrapeAsync(Uri target)
    {
        // Replaced as a whole: it may be read at any time.
        await File.WriteAllTextAsync(_folder.File("targets.new"), $$"""[ { "targets": [ "{{target.Authority}}" ] } ]""");
        File.Move(_folder.File("targets.new"), _folder.File("targets.json"), overwrite: true);
        using var limit = new CancellationTokenSource(Patience);
        while (await AskAsync("count(up == 1)") != "1")
        {
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>The value of the first sample; null for none.</summary>
    public async Task<string?> AskAsync(string query)
    {
        using var answer = JsonDocument.Parse(await _http.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}"));
        var result = answer.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0 ? null : result[0].GetProperty("value")[1].GetString();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        _process.HasExited.Should().BeFalse("prometheus should run");
        try
        {
            using var answer = await _http.GetAsync("/-/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

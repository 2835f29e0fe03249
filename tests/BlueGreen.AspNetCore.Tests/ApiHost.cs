using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.AspNetCore.Tests;

/// <summary>An API of its own on a free port of the loopback interface, and a client for it.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiHost(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Client { get; }

    /// <summary>Version 2.0.0 in green, with what the test adds to it.</summary>
    public static Task<ApiHost> StartAsync(
        Action<IServiceCollection>? services = null,
        Action<BlueGreenApiOptions>? options = null,
        Action<WebApplication>? pipeline = null) =>
        StartPlainAsync(
            all =>
            {
                all.AddBlueGreenApi(api =>
                {
                    api.Version = "2.0.0";
                    api.Environment = "green";
                    options?.Invoke(api);
                });
                services?.Invoke(all);
            },
            pipeline);

    /// <summary>Only what the test adds.</summary>
    public static async Task<ApiHost> StartPlainAsync(
        Action<IServiceCollection> services,
        Action<WebApplication>? pipeline = null,
        Dictionary<string, string?>? configuration = null,
        string hostEnvironment = "Production")
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = hostEnvironment });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(configuration ?? []);
        services(builder.Services);

        var app = builder.Build();
        try
        {
            pipeline ??= api => api.MapBlueGreenHealth();
            pipeline(app);
            await app.StartAsync();
            return new ApiHost(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async Task<JsonElement> ReportAsync(string path = "/health")
    {
        using var response = await Client.GetAsync(path);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return body.RootElement.Clone();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

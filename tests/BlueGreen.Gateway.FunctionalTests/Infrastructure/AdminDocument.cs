using System.Text;
using System.Text.Json;
using BlueGreen.ReverseProxy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>The OpenAPI document, as the admin API serves it. It depends on nothing that is configured, so it is fetched once.</summary>
internal static class AdminDocument
{
    private static readonly Lazy<Task<JsonElement>> Fetched = new(FetchAsync);

    public static Task<JsonElement> ServedAsync() => Fetched.Value;

    private static async Task<JsonElement> FetchAsync()
    {
        using var folder = new TemporaryFolder();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2").ToJsonString())));
        builder.Configuration["BlueGreen:State:Directory"] = folder.Path;
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy")).AddBlueGreen(builder.Configuration);
        builder.Services.AddBlueGreenAdminDocument();
        await using var app = builder.Build();
        app.MapReverseProxy(proxy => proxy.UseBlueGreen());
        app.MapBlueGreenAdmin();
        await app.StartAsync();
        using var http = new HttpClient();
        var document = JsonDocument.Parse(await http.GetStringAsync($"{app.Urls.Single()}/openapi/v1.json")).RootElement;
        await app.StopAsync();
        return document;
    }
}

using BlueGreen.ReverseProxy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.Benchmarks.Hosts;

/// <summary>Plain YARP, or the same host with the gateway's pipeline in it. Nothing else differs.</summary>
internal static class ProxyHost
{
    public const string Role = "run-proxy";
    public const string Plain = "plain";
    public const string BlueGreen = "bluegreen";

    public static async Task<int> RunAsync(string kind, string configurationFile)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            // Away from any appsettings.json.
            ContentRootPath = Path.GetDirectoryName(Path.GetFullPath(configurationFile)),
        });
        builder.Configuration.AddJsonFile(configurationFile);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        var proxy = builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
        if (kind == BlueGreen)
        {
            proxy.AddBlueGreen(builder.Configuration);
        }

        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        if (kind == BlueGreen)
        {
            app.MapReverseProxy(steps => steps.UseBlueGreen());
        }
        else
        {
            app.MapReverseProxy();
        }

        await app.StartAsync();
        Console.WriteLine($"Now listening on: {app.Urls.First()}");

        // Every line is the question how much has been allocated so far.
        while (await Console.In.ReadLineAsync() is not null)
        {
            Console.WriteLine(GC.GetTotalAllocatedBytes(precise: false));
        }

        return 0;
    }
}

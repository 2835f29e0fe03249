using BlueGreen.Contracts;
using BlueGreen.ReverseProxy;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;
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

    /// <summary>Without the measurement of responses.</summary>
    public const string Unmeasured = "bluegreen-unmeasured";

    /// <summary>With a bake that watches the slot.</summary>
    public const string Watched = "bluegreen-watched";

    /// <summary>With a shift that is under way. All requests come from one address, which is not among those that have moved.</summary>
    public const string Shifting = "bluegreen-shifting";

    /// <summary>The question how much has been allocated so far.</summary>
    public const string Allocated = "allocated";

    /// <summary>The question how much of it is still in use; collects the garbage first.</summary>
    public const string Live = "live";

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
        if (kind != Plain)
        {
            proxy.AddBlueGreen(builder.Configuration);
        }

        if (kind == Unmeasured)
        {
            builder.Services.AddSingleton(new ResponseMeasurement(TimeProvider.System, NetworkSet.None, isOn: false));
        }

        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        if (kind != Plain)
        {
            app.MapReverseProxy(steps => steps.UseBlueGreen());
        }
        else
        {
            app.MapReverseProxy();
        }

        if (kind == Watched)
        {
            app.Services.GetRequiredService<ServiceCatalog>().All[0].Blue.Meter.Observer = new ResponseObserver(metrics: 1, slowAbove: [1_000_000], TimeProvider.System);
        }

        if (kind == Shifting)
        {
            var service = app.Services.GetRequiredService<ServiceCatalog>().All[0];
            var keying = new SplitKeying("r1-000000", TrafficKeyKind.Client);
            var split = new TrafficSplit(SlotName.Green, Math.Min(5_000, new SplitKey(keying.Hash("127.0.0.1")).Bucket), keying, service.WatchOf(keying.Release, keying.Kind));
            app.Services.GetRequiredService<RoutingTablePublisher>().Route([(service, ServiceRoute.To(SlotName.Blue) with { Split = split })]);
        }

        await app.StartAsync();
        Console.WriteLine($"Now listening on: {app.Urls.First()}");

        while (await Console.In.ReadLineAsync() is { } question)
        {
            Console.WriteLine(question switch
            {
                Allocated => GC.GetTotalAllocatedBytes(precise: false),
                Live => GC.GetTotalMemory(forceFullCollection: true),
                _ => throw new InvalidOperationException($"'{question}' is no question to a proxy."),
            });
        }

        return 0;
    }
}

using System.Net;
using BlueGreen.AspNetCore;
using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Api;

/// <summary>An API as it would stand behind the gateway: what makes it fit for blue-green are the four marked lines.</summary>
internal static class OrdersApi
{
    /// <summary>The version with a mistake in it: it rounds prices. The mirror finds that.</summary>
    public const string FaultyVersion = "2.0.0-rc.1";

    private const decimal Price = 59.85m;
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(3);

    public static async Task RunAsync(SlotName slot, string version, CancellationToken stop)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.AddSingleton<OrdersHealth>();
        builder.Services.AddHealthChecks().AddCheck<OrdersHealth>("orders"); // 1: what "healthy" means here
        builder.Services.AddBlueGreenApi(api => // 2: who this is; usually from the assembly's version and the environment
        {
            api.Version = version;
            api.Environment = slot.ToText();
        });

        await using var app = builder.Build();
        app.UseBlueGreenHeaders(); // 3: X-API-Version and X-Environment on every response
        app.MapBlueGreenHealth(); // 4: the deep health report on /health

        app.MapGet("/orders/{id}", async (string id, CancellationToken cancelled) =>
        {
            await Task.Delay(Work, cancelled);
            return Answer(id);
        });
        app.MapPost("/orders", async (Order order, CancellationToken cancelled) =>
        {
            await Task.Delay(Work, cancelled);
            return Answer(order.Id);
        });

        // Not reachable through the gateway: its only route is /orders.
        app.MapPost("/chaos/unhealthy", (OrdersHealth health) => health.Break());
        app.MapPost("/chaos/healthy", (OrdersHealth health) => health.Repair());

        await app.StartAsync(stop);
        await app.WaitForShutdownAsync(stop);

        OrderAnswer Answer(string id) => new(id, slot, version, version == FaultyVersion ? Math.Round(Price, 1) : Price, TimeProvider.System.GetUtcNow());
    }
}

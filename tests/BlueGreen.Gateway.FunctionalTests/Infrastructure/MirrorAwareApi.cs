using System.Collections.Concurrent;
using BlueGreen.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A real API with the package, which charges cards for clients' requests and not for copies.</summary>
internal sealed class MirrorAwareApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _done = new();

    private MirrorAwareApi(WebApplication app) => _app = app;

    public string Address { get; private set; } = "";

    /// <summary>What it has done, in order.</summary>
    public IReadOnlyList<string> Done => [.. _done];

    public static async Task<MirrorAwareApi> StartAsync(string version, params string[] keys)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(keys.Select((key, index) => KeyValuePair.Create($"BlueGreen:Mirroring:Keys:{index}", (string?)key)).Append(new("BlueGreen:Mirroring:Service", "orders")));
        builder.Services.AddBlueGreenMirroring().AddBlueGreenApi(api =>
        {
            api.Version = version;
            (api.Schema.Min, api.Schema.Max, api.Schema.ReadCurrent) = (40, 42, static (_, _) => new(42));
        });
        builder.Services.AddHealthChecks().AddCheck("database", () => HealthCheckResult.Healthy());
        var app = builder.Build();
        var api = new MirrorAwareApi(app);
        app.MapBlueGreenHealth();
        app.MapPost("/orders/charge", (IMirroredRequest request) =>
        {
            api._done.Enqueue(request.IsMirrored ? "not charged" : "charged");
            return version;
        });
        app.MapPost("/orders/mail", () =>
        {
            api._done.Enqueue("mailed");
            return version;
        }).SkipWhenMirrored();
        await app.StartAsync();
        api.Address = app.Urls.Single();
        return api;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

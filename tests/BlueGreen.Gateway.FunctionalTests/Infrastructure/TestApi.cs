using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>An API behind the gateway: real Kestrel, with health and behaviour that the test sets while it runs.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private long _requests;
    private long _probes;

    private TestApi(WebApplication app, string version)
    {
        _app = app;
        Version = version;
        LongLived = new LongLivedApi(version);
        Health = context => WriteReportAsync(context, "healthy");
    }

    /// <summary>What the API reports as its version; may be replaced at any time.</summary>
    public string Version { get; set; }

    /// <summary>What the API reports as its schema; null for none.</summary>
    public object? Schema { get; set; } = new { current = 42, min = 40, max = 42 };

    public string Address { get; private set; } = "";

    public LongLivedApi LongLived { get; }

    /// <summary>How the health path is answered; may be replaced at any time.</summary>
    public Func<HttpContext, Task> Health { get; set; }

    /// <summary>What happens to each request before it is answered, probes aside; true when that was the answer. May be replaced at any time.</summary>
    public Func<HttpContext, Task<bool>> Trouble { get; set; } = _ => Task.FromResult(false);

    /// <summary>Requests that have reached the API, probes aside.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    public long Probes => Interlocked.Read(ref _probes);

    /// <summary>The names that clients of TLS have asked for (SNI), probes included.</summary>
    public ConcurrentQueue<string?> ServerNames { get; } = new();

    public int Port => new Uri(Address).Port;

    public static async Task<TestApi> StartAsync(
        string version, HttpProtocols protocols = HttpProtocols.Http1, X509Certificate2? certificate = null, IPAddress? at = null, int port = 0)
    {
        TestApi? api = null;
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(at ?? IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = protocols;
                if (certificate is not null)
                {
                    listen.UseHttps(https => https.ServerCertificateSelector = (_, name) =>
                    {
                        api!.ServerNames.Enqueue(name);
                        return certificate;
                    });
                }
            });
        });
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        api = new TestApi(app, version);
        app.UseWebSockets();
        app.Run(api.HandleAsync);
        await app.StartAsync();
        api.Address = app.Urls.Single();
        return api;
    }

    /// <summary>Lets requests to <c>/…/gate/{name}</c> go on.</summary>
    public void Open(string gate) => GateOf(gate).TrySetResult();

    public Task WriteReportAsync(HttpContext context, string status, int statusCode = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = statusCode;
        return context.Response.WriteAsJsonAsync(new
        {
            status,
            version = Version,
            environment = "test",
            uptime = 1.5,
            checks = new { database = status == "healthy", cache = new { status, durationMs = 1.8 } },
            schema = Schema,
        });
    }

    public ValueTask DisposeAsync()
    {
        foreach (var gate in _gates.Values)
        {
            gate.TrySetResult();
        }

        return _app.DisposeAsync();
    }

    private TaskCompletionSource GateOf(string name) => _gates.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path == "/health")
        {
            Interlocked.Increment(ref _probes);
            await Health(context);
            return;
        }

        Interlocked.Increment(ref _requests);
        if (await Trouble(context))
        {
            return;
        }

        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (segments.ElementAtOrDefault(1))
        {
            case "gate":
                // Waits until the test says so: no sleeping, whatever the speed of the machine.
                await GateOf(segments[2]).Task.WaitAsync(context.RequestAborted);
                await context.Response.WriteAsync(Version);
                break;
            case "stream":
                await context.Response.WriteAsync("begun\n");
                await context.Response.Body.FlushAsync();
                await GateOf(segments[2]).Task.WaitAsync(context.RequestAborted);
                await context.Response.WriteAsync("ended\n");
                break;
            case "refuse":
                await GateOf(segments[2]).Task.WaitAsync(context.RequestAborted);
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                break;
            case "ws":
                await LongLived.EchoAsync(context);
                break;
            case "events":
                await LongLived.EventsAsync(context, TimeSpan.FromMilliseconds(20));
                break;
            case "grpc":
                await LongLivedApi.GrpcEchoAsync(context);
                break;
            case "echo":
                // The hash of what arrived: a body that was cut or mixed up would not match.
                var hash = await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted);
                await context.Response.WriteAsync($"{Version} {Convert.ToHexStringLower(hash)}");
                break;
            case "headers":
                context.Response.Headers["X-Environment"] = "api-says-so";
                await context.Response.WriteAsJsonAsync(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()));
                break;
            case "versioned":
                context.Response.Headers["X-API-Version"] = "the-apis-own";
                break;
            case "status":
                context.Response.StatusCode = int.Parse(segments[2]);
                break;
            default:
                await context.Response.WriteAsync(Version);
                break;
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A Prometheus-compatible API that answers as the test says.</summary>
internal sealed class QueryApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<QuerySeen> _asked = new();

    private QueryApi(WebApplication app)
    {
        _app = app;
    }

    public string Address { get; private set; } = "";

    /// <summary>How a query is answered; may be replaced at any time.</summary>
    public Func<HttpContext, string, Task> Answer { get; set; } = Value(0);

    public IReadOnlyList<QuerySeen> Asked => [.. _asked];

    public static async Task<QueryApi> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var api = new QueryApi(app);
        app.Run(api.HandleAsync);
        await app.StartAsync();
        api.Address = app.Urls.Single();
        return api;
    }

    /// <summary>A vector of one sample.</summary>
    public static Func<HttpContext, string, Task> Value(double value) => (context, _) => WriteValueAsync(context, value);

    /// <summary>An answer, word by word.</summary>
    public static Func<HttpContext, string, Task> Text(string body, int status = StatusCodes.Status200OK) => (context, _) =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    };

    public static Task WriteValueAsync(HttpContext context, double value) => context.Response.WriteAsync(
        $$$"""{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1700000000.123,"{{{value.ToString(CultureInfo.InvariantCulture)}}}"]}]}}""");

    /// <summary>The section <c>Bake</c> of a service that asks this API.</summary>
    /// <param name="query">The members of the query <c>checkout-errors</c>.</param>
    public JsonNode Bake(string query) => new JsonObject
    {
        ["Duration"] = "00:01:00",
        ["Latency"] = JsonNode.Parse("""{ "Enabled": false }"""),
        ["Prometheus"] = new JsonObject { ["Url"] = Address, ["Interval"] = "00:00:00.05", ["Timeout"] = "00:00:00.5", ["Token"] = "prometheus-secret" },
        ["Queries"] = new JsonObject { ["checkout-errors"] = JsonNode.Parse(query) },
    };

    public async Task<IReadOnlyList<QuerySeen>> UntilAskedAsync(int times)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (_asked.Count < times)
        {
            await Task.Delay(5, limit.Token);
        }

        return Asked;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var query = form["query"].ToString();
        _asked.Enqueue(new QuerySeen(context.Request.Method, context.Request.Path, query, form["time"], context.Request.Headers.Authorization));
        await Answer(context, query);
    }
}

/// <summary>A query as it arrived.</summary>
internal sealed record QuerySeen(string Method, string? Path, string Query, string? Time, string? Authorization);

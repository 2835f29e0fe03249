using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A receiver of hooks that answers as the test says, and checks every signature.</summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    public const string Secret = "a secret of some length";

    private readonly ConcurrentQueue<HookCallSeen> _calls = new();
    private WebApplication _app;

    private HookReceiver(WebApplication app)
    {
        _app = app;
    }

    public string Address { get; private set; } = "";

    /// <summary>How a call is answered, by its event and its number among the calls (from 1).</summary>
    public Func<HttpContext, string, int, Task> Answer { get; set; } = (context, _, _) =>
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    };

    public IReadOnlyList<HookCallSeen> Calls => [.. _calls];

    public static async Task<HookReceiver> StartAsync()
    {
        var receiver = new HookReceiver(null!);

        // Not a port that the system gives away: when the receiver has gone, that may be another socket's before it comes back.
        await receiver.ListenAsync(FreePorts.Next());
        return receiver;
    }

    /// <summary>Goes away, and comes back on the same port.</summary>
    public async Task StopAsync() => await _app.DisposeAsync();

    public Task ComeBackAsync() => ListenAsync(new Uri(Address).Port);

    /// <summary>The configuration of a hook that calls this receiver.</summary>
    public JsonNode Hook(params string[] events) => new JsonObject
    {
        ["Url"] = Address + "/hook",
        ["Events"] = new JsonArray([.. events.Select(name => JsonValue.Create(name))]),
        ["Secret"] = Secret,
        ["Timeout"] = "00:00:01",
    };

    public async Task<IReadOnlyList<HookCallSeen>> UntilAsync(Func<IReadOnlyList<HookCallSeen>, bool> condition)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (!condition(Calls))
        {
            limit.IsCancellationRequested.Should().BeFalse("these calls came: {0}", string.Join(", ", Calls));
            await Task.Delay(10, CancellationToken.None);
        }

        return Calls;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ListenAsync(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync();
        Address = _app.Urls.Single();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var memory = new MemoryStream();
        await context.Request.Body.CopyToAsync(memory);
        var body = memory.ToArray();
        var signature = context.Request.Headers["X-BlueGreen-Signature"].ToString().Split(',');
        var seconds = signature[0]["t=".Length..];
        byte[] signed = [.. Encoding.ASCII.GetBytes(seconds + "."), .. body];
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), signed);
        var name = context.Request.Headers["X-BlueGreen-Event"].ToString();
        _calls.Enqueue(new HookCallSeen(
            name,
            context.Request.Headers["X-BlueGreen-Delivery"].ToString(),
            JsonDocument.Parse(body).RootElement,
            signature[1] == "v1=" + Convert.ToHexStringLower(expected)));
        await Answer(context, name, _calls.Count);
    }
}

/// <summary>A call of a hook, as it arrived.</summary>
internal sealed record HookCallSeen(string Event, string Delivery, JsonElement Body, bool IsSigned)
{
    public override string ToString() => $"{Event} {Delivery}";
}

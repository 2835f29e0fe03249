using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.Benchmarks.Mirroring;

/// <summary>What a standby makes of the copies that it gets. Its health is good, except where it is closed.</summary>
internal enum StandbyKind
{
    Healthy,
    Slow,
    Hanging,
    Resetting,
    Closed,
}

/// <summary>The active slot's API and standbys of each kind, each on a port of its own. <c>/…/SIZE</c> has an answer of so many bytes.</summary>
internal sealed class MirrorApi : IAsyncDisposable
{
    private const int FixedBytes = 60;
    private static readonly TimeSpan SlowAnswer = TimeSpan.FromSeconds(2);
    private static readonly byte[] Report = """{"status":"healthy","version":"1.0.0","checks":{"database":true}}"""u8.ToArray();

    private readonly WebApplication _app;

    private MirrorApi(WebApplication app, string active, IReadOnlyDictionary<StandbyKind, string> standbys) => (_app, Active, Standbys) = (app, active, standbys);

    public string Active { get; }

    public IReadOnlyDictionary<StandbyKind, string> Standbys { get; }

    public static async Task<MirrorApi> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        var app = builder.Build();
        StandbyKind[] listening = [StandbyKind.Healthy, StandbyKind.Slow, StandbyKind.Hanging, StandbyKind.Resetting];
        for (var listener = 0; listener <= listening.Length; listener++)
        {
            app.Urls.Add("http://127.0.0.1:0");
        }

        var kinds = new Dictionary<int, StandbyKind>();
        app.Run(context => AnswerAsync(context, kinds.GetValueOrDefault(context.Connection.LocalPort)));
        await app.StartAsync();
        var urls = app.Urls.ToList();
        for (var index = 0; index < listening.Length; index++)
        {
            kinds[new Uri(urls[index + 1]).Port] = listening[index];
        }

        var standbys = listening.Select((kind, index) => (kind, urls[index + 1])).Append((StandbyKind.Closed, $"http://127.0.0.1:{ClosedPort()}"));
        return new MirrorApi(app, urls[0], standbys.ToDictionary(standby => standby.Item1, standby => standby.Item2));
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context, StandbyKind kind)
    {
        if (context.Request.Path == "/health")
        {
            await WriteAsync(context, Report);
            return;
        }

        switch (kind)
        {
            case StandbyKind.Slow:
                await Task.Delay(SlowAnswer, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            case StandbyKind.Hanging:
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            case StandbyKind.Resetting:
                context.Abort();
                return;
        }

        var path = context.Request.Path.Value!;
        await WriteAsync(context, Document(int.Parse(path[(path.LastIndexOf('/') + 1)..])));
    }

    // Something random in each answer, so that the comparison has to read the documents, and finds noise.
    private static byte[] Document(int length)
    {
        var text = new StringBuilder(length).Append($$"""{"id":"{{Guid.NewGuid():N}}","items":[{"sku":"A-17"}""");
        while (text.Length < length - FixedBytes)
        {
            text.Append(",{\"sku\":\"A-17\",\"count\":2}");
        }

        return Encoding.ASCII.GetBytes(text.Append("]}").ToString());
    }

    private static async Task WriteAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }

    // One that was free a moment ago; nobody is given it soon.
    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

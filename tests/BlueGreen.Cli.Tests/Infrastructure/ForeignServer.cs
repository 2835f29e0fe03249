using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary>A server that is no gateway, or an older one.</summary>
internal sealed class ForeignServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ForeignServer(WebApplication app)
    {
        _app = app;
    }

    public string Url => _app.Urls.Single();

    /// <summary>One that gives the same answer to everything.</summary>
    public static Task<ForeignServer> StartAsync(int status, string type, string body) => StartAsync(_ => (status, type, body));

    /// <summary>One whose answer depends on the path.</summary>
    public static async Task<ForeignServer> StartAsync(Func<string, (int Status, string Type, string Body)> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = new ForeignServer(builder.Build());
        server._app.Run(context =>
        {
            var (status, type, body) = answer(context.Request.Path);
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            return context.Response.WriteAsync(body);
        });
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

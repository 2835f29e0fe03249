using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.Benchmarks.Hosts;

/// <summary>The API behind idle connections: WebSockets that say a message back, and nothing unasked; anything else is a small answer.</summary>
internal static class IdleApiHost
{
    public const string Role = "run-idle-api";

    private const int LongestMessage = 64;

    private static readonly byte[] Answer = """{"status":"healthy","version":"1.0.0"}"""u8.ToArray();

    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Urls.Add("http://127.0.0.1:0");

        // No pings: they would be load.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        app.Run(context => context.WebSockets.IsWebSocketRequest ? EchoAsync(context) : AnswerAsync(context));
        await app.StartAsync();
        Console.WriteLine(string.Join(' ', app.Urls));
        await ApiHost.EndOfInputAsync();
        return 0;
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Answer.Length;
        await context.Response.BodyWriter.WriteAsync(Answer);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[LongestMessage];
        while (await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted) is var message && message.MessageType != WebSocketMessageType.Close)
        {
            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, context.RequestAborted);
        }

        await socket.CloseOutputAsync(socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, statusDescription: null, context.RequestAborted);
    }
}

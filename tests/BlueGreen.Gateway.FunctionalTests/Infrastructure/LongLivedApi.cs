using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>The part of an API that holds connections: WebSocket echo, server-sent events, gRPC calls.</summary>
internal sealed class LongLivedApi(string version)
{
    private long _messages;
    private long _openSockets;

    /// <summary>WebSocket messages that the API was given and has begun to answer.</summary>
    public long Messages => Interlocked.Read(ref _messages);

    public long OpenSockets => Interlocked.Read(ref _openSockets);

    /// <summary>The close codes that the API was told.</summary>
    public ConcurrentQueue<int> CloseCodes { get; } = new();

    /// <summary>How long the API takes to answer a message.</summary>
    public TimeSpan AnswerTime { get; set; }

    /// <summary>Whether the API ignores close frames, as a broken one does.</summary>
    public bool IgnoresClose { get; set; }

    /// <summary>Answers each message with the version and the message.</summary>
    public async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        Interlocked.Increment(ref _openSockets);
        try
        {
            await EchoAsync(socket, context.RequestAborted);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // The connection was cut; the test sees it at the client's end.
        }
        finally
        {
            Interlocked.Decrement(ref _openSockets);
        }
    }

    /// <summary>An event every so often: <c>id</c> counts up, <c>data</c> is the version.</summary>
    public async Task EventsAsync(HttpContext context, TimeSpan interval)
    {
        context.Response.ContentType = "text/event-stream";
        var next = int.TryParse(context.Request.Headers["Last-Event-ID"], CultureInfo.InvariantCulture, out var last) ? last + 1 : 1;
        while (!context.RequestAborted.IsCancellationRequested)
        {
            // In two pieces: a stream that is ended between them would lose the event.
            await context.Response.WriteAsync($"id: {next++}\n");
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync($"data: {version}\n\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(interval, context.RequestAborted);
        }
    }

    /// <summary>A gRPC call that answers each message of the client with one of its own, until the client ends.</summary>
    public static async Task GrpcEchoAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.AppendTrailer("grpc-status", "0");
        await context.Response.StartAsync();
        await context.Response.Body.FlushAsync();
        var prefix = new byte[5];
        while (await context.Request.Body.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, context.RequestAborted) == prefix.Length)
        {
            var message = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
            await context.Request.Body.ReadExactlyAsync(message, context.RequestAborted);
            await context.Response.Body.WriteAsync((byte[])[.. prefix, .. message], context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private async Task EchoAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var begins = true;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                CloseCodes.Enqueue((int?)received.CloseStatus ?? 0);
                if (IgnoresClose)
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                await socket.CloseOutputAsync(received.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, cancellationToken);
                return;
            }

            Interlocked.Add(ref _messages, begins ? 1 : 0);
            if (AnswerTime > TimeSpan.Zero)
            {
                await Task.Delay(AnswerTime, cancellationToken);
            }

            var answer = Encoding.UTF8.GetBytes($"{(begins ? version + ":" : "")}{Encoding.UTF8.GetString(buffer, 0, received.Count)}");
            begins = received.EndOfMessage;
            await socket.SendAsync(answer, WebSocketMessageType.Text, received.EndOfMessage, cancellationToken);
        }
    }
}

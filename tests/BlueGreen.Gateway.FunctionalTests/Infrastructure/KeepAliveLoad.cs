using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>
/// HTTP/1.1 clients on bare sockets, which repeat nothing: each keeps its connection until the answer says <c>Connection: close</c>.
/// A refused or reset connection is a failed request, as it is for a client that may not send twice.
/// </summary>
internal sealed class KeepAliveLoad : IAsyncDisposable
{
    private static readonly byte[] KeepingAlive = "GET /orders/now HTTP/1.1\r\nHost: test\r\n\r\n"u8.ToArray();
    private static readonly byte[] Closing = "GET /orders/now HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"u8.ToArray();

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly byte[] _request;
    private readonly IPEndPoint _endpoint;
    private readonly Task[] _clients;
    private long _requests;
    private long _connections;

    /// <summary>Starts the clients.</summary>
    /// <param name="url">The gateway.</param>
    /// <param name="clients">How many at once.</param>
    /// <param name="pause">Between two requests of one client; so some connections are always idle.</param>
    /// <param name="keepAlive">False for a connection a request: so at every moment some are waiting to be accepted.</param>
    public KeepAliveLoad(string url, int clients, TimeSpan pause, bool keepAlive = true)
    {
        _request = keepAlive ? KeepingAlive : Closing;
        var uri = new Uri(url);
        _endpoint = new IPEndPoint(IPAddress.Parse(uri.Host), uri.Port);
        _clients = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(() => RunAsync(pause)))];
    }

    public IReadOnlyCollection<string> Failures => _failures;

    public long Requests => Interlocked.Read(ref _requests);

    public long Connections => Interlocked.Read(ref _connections);

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    /// <summary>Waits until so many more requests were answered.</summary>
    public async Task UntilMoreAsync(int requests)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        for (var until = Requests + requests; Requests < until;)
        {
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(TimeSpan pause)
    {
        var buffer = new byte[4096];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(_endpoint);
                Interlocked.Increment(ref _connections);
                while (!_stop.IsCancellationRequested && await SendAsync(socket, buffer))
                {
                    await Task.Delay(pause);
                }

                await Task.Delay(pause);
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                _failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {exception.Message}");
            }
        }
    }

    // Whether the connection can be used again.
    private async Task<bool> SendAsync(Socket socket, byte[] buffer)
    {
        await socket.SendAsync(_request);
        var length = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length));
            if (read == 0)
            {
                throw new IOException(length == 0 ? "closed instead of an answer" : "closed in the middle of an answer");
            }

            length += read;
            var text = Encoding.ASCII.GetString(buffer, 0, length);
            if (!IsWhole(text))
            {
                continue;
            }

            Interlocked.Increment(ref _requests);
            if (!text.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
            {
                _failures.Enqueue(text);
            }

            return !text.Contains("Connection: close", StringComparison.OrdinalIgnoreCase);
        }
    }

    // The API answers in chunks, or with a length.
    private static bool IsWhole(string text)
    {
        var body = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return body >= 0 && (text.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase)
            ? text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal)
            : text.Length - body - 4 >= ContentLength(text));
    }

    private static int ContentLength(string text)
    {
        const string Name = "Content-Length: ";
        var start = text.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        return start < 0 ? 0 : int.Parse(text.AsSpan(start + Name.Length, text.IndexOf('\r', start) - start - Name.Length));
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>An API that keeps every byte that it gets, and answers whatever begins like a request: nothing reads leniently or strictly here.</summary>
internal sealed class RawApi : IAsyncDisposable
{
    private static readonly byte[] Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<StringBuilder> _connections = new();
    private readonly Task _loop;

    public RawApi()
    {
        _listener.Start(backlog: 512);
        _loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Address => $"http://127.0.0.1:{Port}/";

    /// <summary>What has arrived since <see cref="Forget"/>, a line break between connections.</summary>
    public string Seen => string.Join('\n', _connections.Select(connection =>
    {
        lock (connection)
        {
            return connection.ToString();
        }
    }).Where(text => text.Length > 0));

    /// <summary>Request lines that have arrived.</summary>
    public int Requests => Seen.Split(" HTTP/1.1\r\n").Length - 1;

    public void Forget() => _connections.Clear();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            var seen = new StringBuilder();
            _connections.Enqueue(seen);
            var buffer = new byte[65536];
            try
            {
                var all = "";
                int read;
                while ((read = await socket.ReceiveAsync(buffer, _stop.Token)) > 0)
                {
                    var text = Encoding.Latin1.GetString(buffer, 0, read);
                    lock (seen)
                    {
                        seen.Append(text);
                    }

                    all = all.Length < 65536 ? all + text : all;
                    if (all.StartsWith("GET /large", StringComparison.Ordinal))
                    {
                        await SendLargeAsync(socket);
                        return;
                    }

                    if (IsWhole(all))
                    {
                        await socket.SendAsync(Ok, _stop.Token);
                        socket.Shutdown(SocketShutdown.Send);
                    }
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The gateway has ended the request, or the test has ended.
            }
        }
    }

    private async Task SendLargeAsync(Socket socket)
    {
        const int megabytes = 64;
        await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {megabytes << 20}\r\nConnection: close\r\n\r\n"), _stop.Token);
        var block = new byte[1 << 20];
        for (var sent = 0; sent < megabytes; sent++)
        {
            await socket.SendAsync(block, _stop.Token);
        }
    }

    private static bool IsWhole(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        var head = text[..end];
        if (head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            return text.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
        }

        const string field = "Content-Length: ";
        var length = head.IndexOf(field, StringComparison.OrdinalIgnoreCase);
        return length < 0 || text.Length - end - 4 >= int.Parse(head[(length + field.Length)..].Split('\r')[0]);
    }
}

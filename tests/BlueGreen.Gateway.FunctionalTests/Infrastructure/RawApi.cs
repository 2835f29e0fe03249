using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>An API that keeps every byte that it gets, and answers whatever begins like a request: nothing reads leniently or strictly here.</summary>
internal sealed class RawApi : IAsyncDisposable
{
    /// <summary>The size of the answer to <c>GET /large</c>.</summary>
    public const long LargeBytes = 64L << 20;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<StringBuilder> _connections = new();
    private readonly Task _loop;
    private int _open;
    private long _sent;

    public RawApi()
    {
        _listener.Start(backlog: 512);
        _loop = AcceptAsync();
    }

    /// <summary>What is answered to each request, byte by byte; may be replaced at any time.</summary>
    public byte[] Answer { get; set; } = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray();

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

    /// <summary>Bytes that have arrived and are not part of the head of a request.</summary>
    public long BodyBytes => _connections.Sum(connection =>
    {
        lock (connection)
        {
            var text = connection.ToString();
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            return end < 0 ? 0L : text.Length - end - 4;
        }
    });

    /// <summary>Bytes of the large answers that were taken from the API.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Connections to the API that are not closed yet.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Waits until a large answer is under way.</summary>
    public async Task UntilBegunAsync()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (Sent == 0)
        {
            watch.Elapsed.Should().BeLessThan(TestLimits.Wait, "the API should have been asked by now");
            await Task.Delay(20);
        }
    }

    /// <summary>Waits until every connection to the API is closed.</summary>
    public async Task UntilClosedAsync()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (Open > 0)
        {
            watch.Elapsed.Should().BeLessThan(TestLimits.Wait, $"{Open} connections to the API should be closed by now");
            await Task.Delay(20);
        }
    }

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
        Interlocked.Increment(ref _open);
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
                        await socket.SendAsync(Answer, _stop.Token);
                        socket.Shutdown(SocketShutdown.Send);
                    }
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The gateway has ended the request, or the test has ended.
            }
            finally
            {
                Interlocked.Decrement(ref _open);
            }
        }
    }

    private async Task SendLargeAsync(Socket socket)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {LargeBytes}\r\nConnection: close\r\n\r\n"), _stop.Token);
        var block = new byte[1 << 20];
        for (var sent = 0L; sent < LargeBytes; sent += block.Length)
        {
            Interlocked.Add(ref _sent, await socket.SendAsync(block, _stop.Token));
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

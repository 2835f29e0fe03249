using System.Net;
using System.Net.Sockets;
using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.LongLived;

/// <summary>
/// A stream that leaves early gives its connection back to a client that may use it again. Over a real handler and a real socket: a pipe
/// does not mind a read that nobody waits for, a connection does.
/// </summary>
public sealed class PooledConnectionTests : IDisposable
{
    private const string EventStream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n";

    private readonly TcpListener _api = new(IPAddress.Loopback, 0);
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1 });
    private readonly Slot _slot = new(SlotName.Blue, "orders-blue");
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PooledConnectionTests()
    {
        _api.Start();
    }

    public void Dispose()
    {
        _api.Dispose();
        _client.Dispose();
    }

    [Fact]
    public async Task Leave_TheApiEndsItsStreamRightAfter_TheNextRequestIsAnswered()
    {
        var serving = ServeAsync();
        await LeaveAnEventStreamAsync();

        using var next = new HttpRequestMessage(HttpMethod.Get, Url);
        using var response = await _client.SendAsync(next, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

        (await response.Content.ReadAsStringAsync()).Should().Be("next");

        // The pool would keep its connection for a minute, and the server wait for another request on it.
        _client.Dispose();
        _api.Stop();
        await serving;
    }

    private Uri Url => new($"http://{_api.LocalEndpoint}/");

    private async Task LeaveAnEventStreamAsync()
    {
        _slot.InFlight.Increment();
        using var lease = new SlotLease(_slot);
        using var request = new HttpRequestMessage(HttpMethod.Get, Url);
        using var response = await _client.SendAsync(request, CancellationToken.None);
        using var content = new GracefulCloseContent(response.Content, new EventStreamScanner(), waitsForPause: false, lease.RegisterLongLived, TimeProvider.System);
        var buffer = new byte[64];
        await using (var stream = await content.ReadAsStreamAsync())
        {
            (await stream.ReadAsync(buffer)).Should().Be(9);

            // As the proxy does: a read without a buffer first.
            var waiting = stream.ReadAsync(Memory<byte>.Empty).AsTask();
            _slot.LongLived.RequestClose(1, TimeSpan.Zero);
            (await waiting).Should().Be(0);
        }

        content.IsClosedByGateway.Should().BeTrue();
        _left.SetResult();
    }

    // One connection after the other: the first answers with a stream, and ends it in good order when it was left.
    private async Task ServeAsync()
    {
        var isFirst = true;
        while (true)
        {
            try
            {
                using var connection = await _api.AcceptTcpClientAsync();
                await using var stream = connection.GetStream();
                while (await ReadHeadAsync(stream))
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(isFirst ? EventStream : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext"));
                    if (isFirst)
                    {
                        isFirst = false;
                        await _left.Task;
                        await stream.WriteAsync("0\r\n\r\n"u8.ToArray());
                    }
                }
            }
            catch (IOException)
            {
                // The client has closed it; the next one comes on another.
            }
            catch (SocketException)
            {
                return;
            }
            catch (InvalidOperationException)
            {
                // The test is done, and has stopped the listener.
                return;
            }
        }
    }

    private static async Task<bool> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var buffer = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(buffer) == 0)
            {
                return false;
            }

            head.Append((char)buffer[0]);
        }

        return true;
    }
}

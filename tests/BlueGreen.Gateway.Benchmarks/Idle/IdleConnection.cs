using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BlueGreen.Gateway.Benchmarks.Overhead;

namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>One client connection: a socket and no more, so that the load costs next to nothing while it is idle.</summary>
internal sealed class IdleConnection(IdleKind kind) : IDisposable
{
    private const int BufferBytes = 2048;
    private const byte FinalText = 0x81;
    private const byte FinalClose = 0x88;
    private const byte Masked = 0x80;

    // Masked with zeros, which leaves the payload as it is: "idle".
    private static readonly byte[] Message = [FinalText, Masked | 4, 0, 0, 0, 0, (byte)'i', (byte)'d', (byte)'l', (byte)'e'];
    private static readonly byte[] Echo = [FinalText, 4, (byte)'i', (byte)'d', (byte)'l', (byte)'e'];

    // 1000, normal closure.
    private static readonly byte[] Close = [FinalClose, Masked | 2, 0, 0, 0, 0, 0x03, 0xE8];

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Connects, and exchanges one message or one request.</summary>
    public async Task OpenAsync(IPEndPoint target)
    {
        await _socket.ConnectAsync(target);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            if (kind == IdleKind.Requests)
            {
                await _socket.SendAsync(RequestTo(target, ""));
                await ReceiveAsync(buffer, received => ResponseLength.Of(received) is { } length && length <= received.Length);
                return;
            }

            await _socket.SendAsync(RequestTo(
                target, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
            await ReceiveAsync(buffer, received => received.EndsWith("\r\n\r\n"u8));
            if (!buffer.AsSpan().StartsWith("HTTP/1.1 101 "u8))
            {
                throw new InvalidOperationException($"Not a WebSocket: {Encoding.ASCII.GetString(buffer, 0, 64)}");
            }

            await _socket.SendAsync(Message);
            await ReceiveAsync(buffer, received => received.Length >= Echo.Length);
            if (!buffer.AsSpan().StartsWith(Echo))
            {
                throw new InvalidOperationException("The message did not come back as it was.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Ends the connection from this side, and waits until the other side has ended it too.</summary>
    public async Task CloseAsync()
    {
        if (kind == IdleKind.WebSockets)
        {
            await _socket.SendAsync(Close);
        }
        else
        {
            _socket.Shutdown(SocketShutdown.Send);
        }

        await UntilEndAsync(new byte[16]);
    }

    /// <summary>Waits until the other side ends the WebSocket, and answers its close frame.</summary>
    public async Task<Departure> WatchAsync()
    {
        try
        {
            // A control frame has at most 125 bytes.
            var buffer = new byte[128];
            var received = 0;
            while (received < 2 || received < 2 + buffer[1])
            {
                var read = await _socket.ReceiveAsync(buffer.AsMemory(received));
                if (read == 0)
                {
                    return new Departure(DepartureKind.Torn, Code: 0, Stopwatch.GetTimestamp());
                }

                received += read;
            }

            var at = Stopwatch.GetTimestamp();
            if (buffer[0] != FinalClose || buffer[1] < sizeof(ushort))
            {
                return new Departure(DepartureKind.Torn, Code: 0, at);
            }

            var code = BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(2));
            await _socket.SendAsync(Close);
            await UntilEndAsync(buffer);
            return new Departure(DepartureKind.Closed, code, at);
        }
        catch (SocketException)
        {
            // Counted, and the measurement fails by it.
            return new Departure(DepartureKind.Reset, Code: 0, Stopwatch.GetTimestamp());
        }
    }

    public void Dispose() => _socket.Dispose();

    private static byte[] RequestTo(IPEndPoint target, string headers) =>
        Encoding.ASCII.GetBytes($"GET /orders-0/1042 HTTP/1.1\r\nHost: {target}\r\n{headers}\r\n");

    private async Task ReceiveAsync(byte[] buffer, Func<ReadOnlySpan<byte>, bool> isWhole)
    {
        var received = 0;
        do
        {
            var read = await _socket.ReceiveAsync(buffer.AsMemory(received));
            if (read == 0)
            {
                throw new InvalidOperationException("The proxy has closed the connection.");
            }

            received += read;
        }
        while (!isWhole(buffer.AsSpan(0, received)));
    }

    private async Task UntilEndAsync(byte[] buffer)
    {
        while (await _socket.ReceiveAsync(buffer.AsMemory()) > 0)
        {
        }
    }
}

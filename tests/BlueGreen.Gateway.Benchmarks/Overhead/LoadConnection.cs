using System.Net;
using System.Net.Sockets;

namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>One keep-alive connection that sends the same request again as soon as it has the whole answer.</summary>
internal sealed class LoadConnection(IPEndPoint target, ReadOnlyMemory<byte> request)
{
    private const long MostRequests = 1_000_000;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private long _completed;

    public long Completed => Volatile.Read(ref _completed);

    public async Task RunAsync(CancellationToken stop)
    {
        using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(target, stop);
        while (!stop.IsCancellationRequested && _completed < MostRequests)
        {
            // No token here: to register with one costs as much as the request. The answer is waited for, or the process is ended.
            await socket.SendAsync(request, SocketFlags.None, CancellationToken.None);
            await ReceiveAsync(socket);
            Volatile.Write(ref _completed, _completed + 1);
        }
    }

    private async ValueTask ReceiveAsync(Socket socket)
    {
        var received = 0;
        int? whole = null;
        while (whole is null || received < whole)
        {
            var read = await socket.ReceiveAsync(_buffer.AsMemory(received), SocketFlags.None);
            if (read == 0)
            {
                throw new InvalidOperationException("The proxy has closed the connection.");
            }

            received += read;
            whole = ResponseLength.Of(_buffer.AsSpan(0, received));
        }
    }
}

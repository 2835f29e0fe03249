using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BlueGreen.Gateway.Benchmarks.Overhead;

namespace BlueGreen.Gateway.Benchmarks.Mirroring;

/// <summary>One run of load: at a pace, whatever the answers take, or as fast as they come.</summary>
/// <param name="Port">Where the proxy listens.</param>
/// <param name="Path">What is asked for.</param>
/// <param name="Rate">Requests per second; 0 for as fast as the answers come.</param>
/// <param name="Connections">How many there are.</param>
/// <param name="Length">How long it is counted.</param>
internal sealed record PacedLoad(int Port, string Path, int Rate, int Connections, TimeSpan Length)
{
    /// <summary>How long it is sent before it is counted: the first requests find connections and places that are not taken yet.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Sends, and returns the times of the requests that were due while it was counted.</summary>
    /// <param name="started">Is called when counting begins.</param>
    public async Task<int[]> SendAsync(Action started)
    {
        var from = Stopwatch.GetTimestamp();
        var workers = Enumerable.Range(0, Connections).Select(number => Task.Run(() => SendAsync(number, from))).ToList();
        await Task.Delay(Settling);
        started();
        return [.. (await Task.WhenAll(workers)).SelectMany(times => times)];
    }

    private async Task<List<int>> SendAsync(int number, long from)
    {
        var request = Encoding.ASCII.GetBytes($"GET {Path} HTTP/1.1\r\nHost: 127.0.0.1:{Port}\r\nAccept: application/json\r\n\r\n");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port));
        var (times, buffer) = (new List<int>(), new byte[80 * 1024]);
        for (var sent = 0; ; sent++)
        {
            var due = Rate == 0 ? Stopwatch.GetElapsedTime(from) : TimeSpan.FromSeconds(((double)sent * Connections / Rate) + ((double)number / Rate));
            if (due >= Settling + Length)
            {
                return times;
            }

            // Late because the answer before was late: that is counted. Late because this process's timer was: not.
            var begun = due;
            if (due - Stopwatch.GetElapsedTime(from) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait);
                begun = Stopwatch.GetElapsedTime(from);
            }

            await socket.SendAsync(request, SocketFlags.None);
            await ReceiveAsync(socket, buffer);
            if (due >= Settling)
            {
                times.Add((int)(Stopwatch.GetElapsedTime(from) - begun).TotalMicroseconds);
            }
        }
    }

    private static async ValueTask ReceiveAsync(Socket socket, byte[] buffer)
    {
        var received = 0;
        int? whole = null;
        while (whole is null || received < whole)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(received), SocketFlags.None);
            received += read > 0 ? read : throw new InvalidOperationException("The proxy has closed the connection.");
            whole ??= ResponseLength.Of(buffer.AsSpan(0, received));
        }
    }
}

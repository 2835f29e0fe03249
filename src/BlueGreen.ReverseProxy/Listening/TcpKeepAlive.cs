using System.Net.Sockets;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>
/// Has TCP itself find out that the other side is gone. A quiet WebSocket may be quiet for ever, so without this a client or an API
/// whose machine was switched off would hold it, and its place in the in-flight count, for ever too. 60 s after the last sign of
/// life, then every 10 s, six times: a dead peer is noticed after two minutes.
/// </summary>
internal static class TcpKeepAlive
{
    private const int IdleSeconds = 60;
    private const int IntervalSeconds = 10;
    private const int Probes = 6;

    public static void Set(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, IntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
    }
}

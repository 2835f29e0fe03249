using System.Net;
using System.Net.Sockets;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Ports for those who have to know theirs before they listen.</summary>
/// <remarks>
/// They are below those that the system gives to sockets that ask for any: one of these, once its socket is closed, may be somebody
/// else's at the next moment, and tests open thousands. Each test host begins at another place, and none gives a port twice.
/// </remarks>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static int _last = Environment.ProcessId * 97 % Count;

    /// <summary>A port that nobody listens on, at any address.</summary>
    public static int Next()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"Every port from {First} to {First + Count - 1} is taken.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            // Without ReuseAddr, so that it is refused for every socket that is still there. Both IPv6 and IPv4.
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}

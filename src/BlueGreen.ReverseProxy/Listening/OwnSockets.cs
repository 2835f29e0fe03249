using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>What this process listens on, for proxied traffic and for administration: nothing of that may be a destination.</summary>
/// <remarks>Of the process and not of one host in it: the two kinds of listeners belong to two.</remarks>
internal static class OwnSockets
{
    private static readonly ConcurrentDictionary<Socket, IPEndPoint> Open = new();

    public static void Add(Socket socket)
    {
        if (socket.LocalEndPoint is IPEndPoint endpoint)
        {
            Open.TryAdd(socket, endpoint);
        }
    }

    /// <summary>Whether a connection to there would come back to this process.</summary>
    public static bool Contains(IPAddress address, int port)
    {
        foreach (var (socket, endpoint) in Open)
        {
            // Somebody else may have got the port of a listener that was closed.
            if (socket.SafeHandle.IsClosed)
            {
                Open.TryRemove(socket, out _);
            }
            else if (Meets(endpoint, address, port))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a connection to this address and port reaches the listener on that endpoint of this machine.</summary>
    public static bool Meets(IPEndPoint listener, IPAddress address, int port)
    {
        if (listener.Port != port)
        {
            return false;
        }

        var target = Configuration.NetworkSet.Plain(address);
        var own = Configuration.NetworkSet.Plain(listener.Address);
        return own.Equals(target)
            || (IsAny(target) && (IsAny(own) || IPAddress.IsLoopback(own)))
            || (IsAny(own) && (IPAddress.IsLoopback(target) || IsOfThisMachine(target)));
    }

    // To connect to 0.0.0.0 is to connect to the machine itself.
    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    // Asked only for a connection to a port that the gateway listens on.
    private static bool IsOfThisMachine(IPAddress address) => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Any(own => Configuration.NetworkSet.Plain(own.Address).Equals(address));
}

using System.Net.Sockets;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>A Unix domain socket to listen on: who may connect is what its file says.</summary>
internal static class UnixListeningSocket
{
    /// <summary>Binds it, in place of one that nobody listens on any more.</summary>
    /// <remarks>
    /// Bound under a name of its own, given its permissions, and only then renamed to where clients look: there is no moment at which
    /// the file has the permissions of the umask, and none at which clients of a gateway that hands over find no socket. The runtime
    /// deletes what a socket was bound to when it closes it, which so never is the successor's; the price is a file that stays.
    /// </remarks>
    /// <param name="endpoint">The absolute path.</param>
    /// <param name="mode">The permissions.</param>
    /// <param name="isShared">Whether another gateway that listens there hands over to this one, and is no mistake.</param>
    /// <exception cref="SocketException">Somebody listens there, or the file can't be made.</exception>
    /// <exception cref="IOException">There is a file that is no socket, or the file can't be made.</exception>
    public static Socket Bind(UnixDomainSocketEndPoint endpoint, UnixFileMode mode, bool isShared)
    {
        var path = endpoint.ToString();
        if (Path.Exists(path) && IsListenedOn(endpoint, path) && !isShared)
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        var own = $"{path}.{Environment.ProcessId}";
        File.Delete(own);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(own));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(own, mode);
            }

            // Before the file has its name: a socket that is bound and does not listen yet refuses every client. Kestrel listens once
            // more, which changes nothing but the length of the queue.
            socket.Listen();
            File.Move(own, path, overwrite: true);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsListenedOn(UnixDomainSocketEndPoint endpoint, string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endpoint);
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // A file that is no socket refuses too; whatever it is, it is not to be replaced.
            return IsSocket(path) ? false : throw new IOException($"{path} is there already, and is no socket.", exception);
        }
    }

    // The type of a file is no part of what .NET says of it: neither a folder nor a link, and nothing that can be opened (ENXIO).
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}

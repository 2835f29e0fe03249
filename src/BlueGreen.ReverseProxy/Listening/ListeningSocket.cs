using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>How the gateway's listening sockets are set.</summary>
internal static class ListeningSocket
{
    // asm-generic/socket.h; the same on x86-64 and ARM64.
    private const int SolSocket = 1;
    private const int SoReusePort = 15;
    private const int SoAttachReusePortFilter = 51;
    private const int SoDetachReusePortFilter = 68;

    // linux/bpf_common.h: BPF_RET | BPF_K.
    private const ushort ReturnConstant = 0x06;

    public static Socket Bind(EndPoint endpoint, ListenerOptions options)
    {
        var socket = options.ReusePort && endpoint is IPEndPoint ip ? BindShared(ip) : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            // Accepted connections inherit it.
            TcpKeepAlive.Set(socket);
        }

        OwnSockets.Add(socket);
        return socket;
    }

    /// <summary>
    /// Has the kernel give all new connections to the second of the sockets that share the port. The first is the older one, so the
    /// process that stops empties its own queue this way before it closes it: the kernel resets connections that wait in the queue of a
    /// closed socket.
    /// </summary>
    /// <remarks>socket(7), SO_ATTACH_REUSEPORT_CBPF: the program returns the index of the socket, in the order of binding.</remarks>
    public static void RedirectToOtherListener(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var program = Marshal.AllocHGlobal(8);
        try
        {
            // struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; }: return 1.
            Span<byte> filter = stackalloc byte[8];
            BinaryPrimitives.WriteUInt16LittleEndian(filter, ReturnConstant);
            BinaryPrimitives.WriteUInt32LittleEndian(filter[4..], 1);
            Marshal.Copy(filter.ToArray(), 0, program, filter.Length);

            // struct sock_fprog { u16 len; struct sock_filter *filter; }
            Span<byte> option = stackalloc byte[16];
            option.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(option, 1);
            BinaryPrimitives.WriteInt64LittleEndian(option[8..], program);
            socket.SetRawSocketOption(SolSocket, SoAttachReusePortFilter, option);
        }
        finally
        {
            Marshal.FreeHGlobal(program);
        }
    }

    private static Socket BindShared(IPEndPoint endpoint)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            Span<byte> on = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(on, 1);
            socket.SetRawSocketOption(SolSocket, SoReusePort, on);
            socket.Bind(endpoint);
            RemoveRedirect(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // A redirect that the previous process has set stays with the port, not with its socket.
    private static void RemoveRedirect(Socket socket)
    {
        try
        {
            Span<byte> none = stackalloc byte[sizeof(int)];
            none.Clear();
            socket.SetRawSocketOption(SolSocket, SoDetachReusePortFilter, none);
        }
        catch (SocketException)
        {
            // ENOENT, and EINVAL before the socket listens: there was none.
        }
    }
}

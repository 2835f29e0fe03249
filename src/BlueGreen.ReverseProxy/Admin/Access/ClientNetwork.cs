using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>
/// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, because whoever has one address of that has them all.
/// The default is the Unix domain socket, whose callers have no address.
/// </summary>
internal readonly record struct ClientNetwork(ulong Prefix, bool IsV6)
{
    public static ClientNetwork Of(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
        {
            address.MapToIPv4().TryWriteBytes(bytes, out _);

            // 1 above, so that 0.0.0.0 is not the socket.
            return new ClientNetwork((1UL << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes), IsV6: false);
        }

        address.TryWriteBytes(bytes, out _);
        return new ClientNetwork(BinaryPrimitives.ReadUInt64BigEndian(bytes), IsV6: true);
    }

    public override string ToString()
    {
        if (this == default)
        {
            return "the Unix domain socket";
        }

        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Prefix);
        return IsV6 ? $"{new IPAddress(bytes)}/64" : new IPAddress(bytes[4..8]).ToString();
    }
}

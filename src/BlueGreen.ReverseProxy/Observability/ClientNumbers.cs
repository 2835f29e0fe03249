using System.IO.Hashing;
using System.Net;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Gives clients numbers that stand for their addresses and mean nothing to anybody who does not know the seed.</summary>
/// <param name="seed">
/// The seed. A process takes the one that is stored with a running bake, so that the clients keep their numbers over a restart, and
/// otherwise a random one.
/// </param>
internal sealed class ClientNumbers(long seed)
{
    private const int LongestAddress = 16;

    public ClientNumbers()
        : this(Random.Shared.NextInt64(1, long.MaxValue))
    {
    }

    public long Seed { get; } = seed;

    /// <summary>The number of an address; an IPv4 address has the same one over either family.</summary>
    public int Of(IPAddress? address)
    {
        if (address is null)
        {
            return 0;
        }

        // Without allocating: the four bytes of a mapped address are its last.
        Span<byte> bytes = stackalloc byte[LongestAddress];
        address.TryWriteBytes(bytes, out var length);
        var from = address.IsIPv4MappedToIPv6 ? length - 4 : 0;
        return unchecked((int)XxHash3.HashToUInt64(bytes[from..length], Seed));
    }
}

using System.IO.Hashing;
using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Throws what requests are told apart by, such as their routes, into 256 strata, and knows what to call each.</summary>
/// <remarks>
/// With thousands of routes several share a stratum, which is then judged as one. The numbers are the same in every process, so that what one
/// has counted means the same to the next.
/// </remarks>
/// <param name="by">What requests are told apart by.</param>
internal sealed class StratumNames(StratifyBy by)
{
    public const int Count = 256;

    private const int LongestName = 100;

    private readonly string?[] _names = new string?[Count];
    private readonly bool[] _shared = new bool[Count];

    public StratifyBy By { get; } = by;

    /// <summary>The stratum of a name.</summary>
    public static byte StratumOf(string name) => (byte)(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(name.AsSpan())) % Count);

    /// <summary>The stratum of a name, which may be shown for it.</summary>
    public byte Add(string name)
    {
        var stratum = StratumOf(name);
        var known = Volatile.Read(ref _names[stratum]);
        if (known is null)
        {
            Volatile.Write(ref _names[stratum], name);
        }
        else if (!ReferenceEquals(known, name) && known != name)
        {
            Volatile.Write(ref _shared[stratum], true);
        }

        return stratum;
    }

    /// <summary>What a stratum is called, for people, such as <c>route orders-pay</c>; null as long as no request was seen of it.</summary>
    public string? NameOf(int stratum)
    {
        if (Volatile.Read(ref _names[stratum]) is not { } name)
        {
            return null;
        }

        var shown = OneLine.Of(name, LongestName);
        var kind = By.Kind == StratifyKind.Header ? $"{By.Header}:" : By.ToString();
        return $"{kind} {shown}{(Volatile.Read(ref _shared[stratum]) ? " and others" : "")}";
    }
}

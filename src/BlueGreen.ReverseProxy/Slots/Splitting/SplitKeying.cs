using System.IO.Hashing;
using System.Text;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Slots.Splitting;

/// <summary>How the requests of a release are told apart. Every gateway computes the same, today and after a restart.</summary>
internal sealed class SplitKeying
{
    private const int MostOnStack = 512;

    private readonly long _seed;

    /// <summary>Begins.</summary>
    /// <param name="release">The release's id. It is a part of every hash, so that another release picks other clients.</param>
    /// <param name="kind">What requests are told apart by.</param>
    /// <param name="header">The header's name; null for other kinds.</param>
    public SplitKeying(string release, TrafficKeyKind kind, string? header = null)
    {
        (Release, Kind, Header) = (release, kind, header);
        _seed = (long)XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(release));
    }

    /// <summary>Names the split: the release, or one attempt of its confirmation.</summary>
    public string Release { get; }

    public TrafficKeyKind Kind { get; }

    public string? Header { get; }

    /// <summary>XXH64 of the text in UTF-8, seeded with the XXH64 of the release's id: fixed by name, so it can be computed anywhere.</summary>
    public ulong Hash(ReadOnlySpan<char> text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = most <= MostOnStack ? stackalloc byte[most] : new byte[most];
        return XxHash64.HashToUInt64(bytes[..Encoding.UTF8.GetBytes(text, bytes)], _seed);
    }
}

using System.Runtime.InteropServices;

namespace BlueGreen.ReverseProxy.Slots.Splitting;

/// <summary>What one request is told apart by in one release.</summary>
/// <param name="Hash">The same for all requests that must stay together.</param>
/// <param name="IsNew">Whether the client has the new slot or the old one, whatever its hash; null where the hash decides.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SplitKey(ulong Hash, bool? IsNew = null)
{
    /// <summary>From 0 to <see cref="TrafficSplit.Whole"/> - 1.</summary>
    public int Bucket => (int)(Hash % TrafficSplit.Whole);
}

using System.Runtime.InteropServices;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>The kinds of work that are counted apart.</summary>
internal enum WorkKind
{
    /// <summary>An ordinary request.</summary>
    Request = 0,

    /// <summary>A response that goes on: server-sent events, gRPC.</summary>
    Stream = 1,

    /// <summary>A connection that is no longer HTTP: WebSocket.</summary>
    Upgrade = 2,
}

/// <summary>What is in flight, of one moment.</summary>
/// <param name="Requests">Ordinary requests.</param>
/// <param name="Streams">Responses that go on.</param>
/// <param name="Upgrades">Upgraded connections.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WorkCounts(long Requests, long Streams, long Upgrades)
{
    public long Total => Requests + Streams + Upgrades;
}

namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>Why a request that was chosen for the mirror was not copied, or its answers not compared.</summary>
internal enum MirrorSkip
{
    /// <summary>Too many copies were under way.</summary>
    Concurrency = 0,

    /// <summary>Too many copies had begun within the second.</summary>
    Rate = 1,

    /// <summary>The request's body was too large.</summary>
    RequestTooLarge = 2,

    /// <summary>The client or the active slot broke off before the whole body had passed.</summary>
    RequestIncomplete = 3,

    /// <summary>A WebSocket, gRPC call or event stream, which has no end to compare at.</summary>
    Streaming = 4,

    /// <summary>The active slot's answer did not come, or not to its end.</summary>
    ActiveIncomplete = 5,

    /// <summary>The standby has no destination that could be asked.</summary>
    NoDestination = 6,

    /// <summary>The mirror ended meanwhile.</summary>
    Ended = 7,

    /// <summary>The gateway failed to compare the answers.</summary>
    NotCompared = 8,
}

/// <summary>The reasons by name.</summary>
internal static class MirrorSkips
{
    public static IReadOnlyList<MirrorSkip> All { get; } = Enum.GetValues<MirrorSkip>();

    public static string ToText(this MirrorSkip skip) => skip switch
    {
        MirrorSkip.Concurrency => "concurrency",
        MirrorSkip.Rate => "rate",
        MirrorSkip.RequestTooLarge => "requestTooLarge",
        MirrorSkip.RequestIncomplete => "requestIncomplete",
        MirrorSkip.Streaming => "streaming",
        MirrorSkip.ActiveIncomplete => "activeIncomplete",
        MirrorSkip.NoDestination => "noDestination",
        MirrorSkip.NotCompared => "notCompared",
        _ => "ended",
    };
}

using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Hold</c>: the limits of an exclusive switch and of a hold by hand, where the call names none.</summary>
public sealed record HoldOptions
{
    /// <summary>How long requests wait at the most. Default 10 s.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many requests of the service wait at once at the most. Default 1,000.</summary>
    public int MaxRequests { get; init; } = 1000;

    /// <summary>What an exclusive switch does if something is still in flight after that time. Default: it switches nothing.</summary>
    public HoldTimeoutAction OnTimeout { get; init; } = HoldTimeoutAction.Abort;

    /// <summary>Whether an exclusive switch waits for WebSockets, streams and gRPC calls. Default: it does.</summary>
    public HoldStreams Streams { get; init; } = HoldStreams.Wait;

    internal static TimeSpan Shortest { get; } = TimeSpan.FromMilliseconds(100);

    internal static TimeSpan Longest { get; } = TimeSpan.FromMinutes(5);

    internal const int MostRequests = 100_000;
}

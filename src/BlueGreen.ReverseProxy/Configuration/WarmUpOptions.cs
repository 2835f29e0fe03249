using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:WarmUp</c>.</summary>
public sealed record WarmUpOptions
{
    /// <summary>The paths that are requested with GET of every destination. Default none: no warm-up.</summary>
    public ImmutableArray<string> Paths { get; init; } = [];

    /// <summary>How often each path is requested of each destination. Default 10.</summary>
    public int Count { get; init; } = 10;

    /// <summary>How many requests run at once a destination. Default 2.</summary>
    public int Concurrency { get; init; } = 2;

    /// <summary>The HTTP status codes that pass. Default 200-299.</summary>
    public StatusCodeSet ExpectStatus { get; init; } = StatusCodeSet.Success;

    /// <summary>How long one request may take. Default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}

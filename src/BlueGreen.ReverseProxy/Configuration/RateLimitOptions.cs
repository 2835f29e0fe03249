namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>BlueGreen:Policies:RateLimits</c>.</summary>
public sealed record RateLimitOptions
{
    /// <summary>How it counts.</summary>
    public required RateLimitKind Kind { get; init; }

    /// <summary>How many requests: per window, at once (the size of the bucket), or at the same time.</summary>
    public required int Permits { get; init; }

    /// <summary>The window, or the period after which tokens are added. Default 1 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many segments a sliding window has. Default 8.</summary>
    public int Segments { get; init; } = 8;

    /// <summary>How many tokens are added per period. Default null: as many as <see cref="Permits"/>.</summary>
    public int? TokensPerWindow { get; init; }

    /// <summary>How many requests may wait for their turn. Default 0: none.</summary>
    public int Queue { get; init; }

    /// <summary>Whether all clients share one limit. Default false: each has its own.</summary>
    public bool IsShared { get; init; }

    /// <summary>The request header whose value tells clients apart. Default null: their address.</summary>
    public string? Header { get; init; }
}

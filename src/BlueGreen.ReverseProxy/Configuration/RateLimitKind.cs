namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>How a rate limit counts.</summary>
public enum RateLimitKind
{
    /// <summary>So many requests per window; all of them are free again when the next one begins.</summary>
    FixedWindow = 0,

    /// <summary>So many requests within any window, counted in segments.</summary>
    SlidingWindow = 1,

    /// <summary>So many requests at once, with so many more per period.</summary>
    TokenBucket = 2,

    /// <summary>So many requests at the same time.</summary>
    Concurrency = 3,
}

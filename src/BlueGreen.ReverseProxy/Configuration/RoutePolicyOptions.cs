using System.Collections.Frozen;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Policies</c>: what routes name in <c>TimeoutPolicy</c>, <c>RateLimiterPolicy</c> and <c>CorsPolicy</c>.</summary>
public sealed record RoutePolicyOptions
{
    /// <summary>How long a request may take, by the policy's name.</summary>
    public FrozenDictionary<string, TimeSpan> Timeouts { get; init; } = FrozenDictionary<string, TimeSpan>.Empty;

    /// <summary>Rate limits by the policy's name.</summary>
    public FrozenDictionary<string, RateLimitOptions> RateLimits { get; init; } = FrozenDictionary<string, RateLimitOptions>.Empty;

    /// <summary>Which other origins may call, by the policy's name; the policy <c>default</c> is the one of that name.</summary>
    public FrozenDictionary<string, CorsPolicyOptions> Cors { get; init; } = FrozenDictionary<string, CorsPolicyOptions>.Empty;
}

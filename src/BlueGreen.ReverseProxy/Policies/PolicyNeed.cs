using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Policies;

/// <summary>Whether a request has to pass the policies: three steps that each request would pay for, and that most routes don't name.</summary>
internal sealed class PolicyNeed(IOptions<CorsOptions> cors, IOptions<RateLimiterOptions> limits, IOptions<RequestTimeoutOptions> timeouts)
{
    // What a host has set for every request, whatever its route says.
    private readonly bool _isAlways = cors.Value.GetPolicy(cors.Value.DefaultPolicyName) is not null
        || limits.Value.GlobalLimiter is not null
        || timeouts.Value.DefaultPolicy is not null;

    public bool Concerns(HttpContext context) =>
        _isAlways || context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>() is not { Config: var route } || NamesAny(route);

    private static bool NamesAny(RouteConfig route) =>
        route.CorsPolicy is not null || route.RateLimiterPolicy is not null || route.TimeoutPolicy is not null || route.Timeout is not null;
}

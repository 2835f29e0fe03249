using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Finds policies that routes name and this host can't carry out. YARP takes them, and then each request fails, or the policy does nothing.</summary>
internal sealed class RoutePolicyCheck(IServiceProviderIsService services, IOptions<RateLimiterOptions> rateLimits, IOptions<CorsOptions> cors)
{
    private const string Default = "default";
    private const string Anonymous = "anonymous";

    /// <summary>What is wrong with the route's policies.</summary>
    public IEnumerable<ConfigurationError> FindErrors(RouteConfig route)
    {
        var key = $"ReverseProxy:Routes:{route.RouteId}";
        if (route.AuthorizationPolicy is { Length: > 0 } authorization
            && !authorization.Equals(Anonymous, StringComparison.OrdinalIgnoreCase)
            && !services.IsService(typeof(IAuthenticationSchemeProvider)))
        {
            yield return new($"{key}:AuthorizationPolicy", authorization, "can't be carried out: this host authenticates nobody. Leave it to the API, or run the library in a host of your own that adds authentication");
        }

        if (IsDefault(route.RateLimiterPolicy) && rateLimits.Value.GlobalLimiter is null)
        {
            yield return new($"{key}:RateLimiterPolicy", route.RateLimiterPolicy, "limits nothing: name a policy of BlueGreen:Policies:RateLimits");
        }

        if (IsDefault(route.CorsPolicy) && cors.Value.GetPolicy(cors.Value.DefaultPolicyName) is null)
        {
            yield return new($"{key}:CorsPolicy", route.CorsPolicy, "is not there: add BlueGreen:Policies:Cors:default");
        }
    }

    private static bool IsDefault(string? policy) => string.Equals(policy, Default, StringComparison.OrdinalIgnoreCase);
}

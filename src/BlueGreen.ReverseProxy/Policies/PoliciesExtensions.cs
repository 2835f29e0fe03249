using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Policies;

/// <summary>Wires up the policies that routes name.</summary>
internal static class PoliciesExtensions
{
    public static void AddRoutePolicies(this IServiceCollection services)
    {
        services.AddRequestTimeouts();
        services.AddRateLimiter(static _ => { });
        services.AddCors();
        services.AddSingleton<RoutePolicies>();
        services.AddSingleton<IConfigureOptions<RequestTimeoutOptions>>(provider => provider.GetRequiredService<RoutePolicies>());
        services.AddSingleton<IConfigureOptions<RateLimiterOptions>>(provider => provider.GetRequiredService<RoutePolicies>());
        services.AddSingleton<IConfigureOptions<CorsOptions>>(provider => provider.GetRequiredService<RoutePolicies>());
        services.AddSingleton<PolicyNeed>();
        services.AddSingleton<RoutePolicyCheck>();
        services.AddSingleton<IProxyConfigFilter, RoutePolicyFilter>();
    }

    // Preflights are answered whatever the limits are, and a request that waits for its turn is not on the clock yet.
    public static void UseRoutePolicies(this IApplicationBuilder app)
    {
        app.UseWhen(app.ApplicationServices.GetRequiredService<PolicyNeed>().Concerns, static named =>
        {
            named.UseUnroutedAnswers();
            named.UseCors();
            named.UseRateLimiter();
            named.UseRequestTimeouts();
        });
    }
}

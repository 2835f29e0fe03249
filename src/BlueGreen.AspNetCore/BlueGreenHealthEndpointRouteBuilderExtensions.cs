using System.Diagnostics.CodeAnalysis;
using BlueGreen.AspNetCore.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore;

/// <summary>Maps the deep health report that the gateway reads before and after a cutover.</summary>
public static class BlueGreenHealthEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Answers GET and HEAD with the deep health report of all registered health checks. The uptime in it counts from
    /// this call. An exception's text is never written; the description that a check gives itself is, up to 256
    /// characters, unless it came with an exception.
    /// </summary>
    /// <param name="endpoints">The application, or a group of its endpoints.</param>
    /// <param name="path">The route pattern. Default: <see cref="BlueGreenApiOptions.Path"/>, which is <c>/health</c>.</param>
    /// <returns>The endpoint, for conventions such as <c>AllowAnonymous()</c> or <c>RequireHost(…)</c>.</returns>
    /// <exception cref="InvalidOperationException"><c>AddBlueGreenApi</c> was not called.</exception>
    /// <exception cref="ArgumentException">Two health checks have the same name.</exception>
    /// <exception cref="OptionsValidationException">An option is not allowed.</exception>
    public static IEndpointConventionBuilder MapBlueGreenHealth(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string? path = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);

        var probe = endpoints.ServiceProvider.GetService<DeepHealthProbe>()
            ?? throw new InvalidOperationException("Call services.AddBlueGreenApi() before app.MapBlueGreenHealth().");
        var options = endpoints.ServiceProvider.GetRequiredService<IOptions<BlueGreenApiOptions>>().Value;
        var endpoint = new DeepHealthEndpoint(probe, options);

        return endpoints
            .MapMethods(path ?? options.Path, [HttpMethods.Get, HttpMethods.Head], endpoint.AnswerAsync)
            .WithDisplayName("Deep health report");
    }
}

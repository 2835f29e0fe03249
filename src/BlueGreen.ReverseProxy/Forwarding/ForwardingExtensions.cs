using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Wires up what is passed on of a request.</summary>
internal static class ForwardingExtensions
{
    public static void AddForwarding(this IServiceCollection services)
    {
        services.AddSingleton<ITransformProvider>(provider => new ForwardingTransforms(provider.GetRequiredService<BlueGreenSettings>().Options.Forwarding));
        services.AddSingleton<AmbiguousTargets>();
    }

    public static void UseRequestGuard(this IApplicationBuilder app)
    {
        // Before the server starts; each connection takes it from there.
        app.ApplicationServices.GetRequiredService<IOptions<KestrelServerOptions>>().Value.RequestHeaderEncodingSelector = RequestFieldEncoding.Of;
        app.UseMiddleware<RequestGuardMiddleware>(app.ApplicationServices.GetRequiredService<BlueGreenOptions>().Forwarding);
    }
}

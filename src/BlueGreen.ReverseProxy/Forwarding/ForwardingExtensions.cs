using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Forwarding.Holding;
using BlueGreen.ReverseProxy.Forwarding.Mirroring;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using BlueGreen.ReverseProxy.Forwarding.Splitting;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Previews;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Wires up everything that happens to a request on its way to the API, and to its response.</summary>
internal static class ForwardingExtensions
{
    public static void AddForwarding(this IServiceCollection services)
    {
        services.AddSingleton<ITransformProvider>(provider => new ForwardingTransforms(provider.GetRequiredService<BlueGreenSettings>().Options.Forwarding));
        services.AddSingleton<AmbiguousTargets>();
        services.AddSingleton<ErrorPages>();
        services.AddSingleton<ErrorAnswers>();
        services.AddSingleton<SlotResponseHeaders>();
        services.AddSingleton<ForwardFailureLog>();
        services.AddSingleton(provider => new ResponseMeasurement(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<BlueGreenSettings>().Options.Forwarding.TrustedProxies, provider.GetRequiredService<ClientNumbers>()));
        services.AddSingleton(provider => new SplitKeyReader(provider.GetRequiredService<BlueGreenSettings>().Options.Forwarding.TrustedProxies));
        services.AddSingleton<HeldRequests>();
        services.AddSingleton<MirrorForwarder>();
        services.AddSingleton<RequestMirror>();
        services.AddSingleton<ForwardCompletion>();
        services.AddSingleton(provider => new PreviewEntrance(
            provider.GetRequiredService<PreviewKeys>(),
            provider.GetRequiredService<PreviewRefusals>(),
            provider.GetRequiredService<BlueGreenSettings>().Options.Forwarding,
            provider.GetRequiredService<ErrorAnswers>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PreviewEntrance>>()));
        services.DecorateForwarder();
    }

    public static void UseRequestGuard(this IApplicationBuilder app)
    {
        // Before the server starts; each connection takes it from there.
        app.ApplicationServices.GetRequiredService<IOptions<KestrelServerOptions>>().Value.RequestHeaderEncodingSelector = RequestFieldEncoding.Of;
        app.UseMiddleware<RequestGuardMiddleware>(app.ApplicationServices.GetRequiredService<BlueGreenOptions>().Forwarding);
    }

    /// <summary>The first step of the proxy's pipeline.</summary>
    public static void UseSlotSelection(this IReverseProxyApplicationBuilder proxy) => proxy.UseMiddleware<SlotSelectionMiddleware>();

    // YARP registers its forwarder only if there is none; whichever is registered by now is decorated.
    private static void DecorateForwarder(this IServiceCollection services)
    {
        var forwarder = services.Last(descriptor => descriptor.ServiceType == typeof(IHttpForwarder));
        services.Remove(forwarder);
        services.AddSingleton(provider => new RawTargetForwarder((IHttpForwarder)Create(provider, forwarder)));
        services.AddSingleton<IHttpForwarder>(provider => new SlotForwarder(
            provider.GetRequiredService<RawTargetForwarder>(),
            provider.GetRequiredService<SlotResponseHeaders>(),
            provider.GetRequiredService<Listeners>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<IOptions<KestrelServerOptions>>()?.Value.Limits.MinRequestBodyDataRate));
    }

    private static object Create(IServiceProvider provider, ServiceDescriptor descriptor) =>
        descriptor.ImplementationInstance
        ?? descriptor.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, descriptor.ImplementationType!);
}

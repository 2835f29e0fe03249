using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Wires up the admin API, and the listener of its own that serves it.</summary>
internal static class AdminExtensions
{
    public static void AddAdmin(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<GatewayReadiness>();
        services.AddSingleton(provider => new AdminAccess(
            provider.GetRequiredService<BlueGreenOptions>().Admin,
            configuration.GetSection("BlueGreen:Admin"),
            provider.GetRequiredService<ReleaseEngine>(),
            provider.GetRequiredService<BackgroundLoops>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AdminAccess>>()));
        services.AddSingleton(provider => new FailedAttempts(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RefusalAudit>();
        services.AddSingleton<PreviewRefusalAudit>();
        services.AddAdminEndpoints();
    }

    public static void AddAdminListener(this IServiceCollection services)
    {
        services.AddSingleton<AdminCertificate>();
        services.AddHostedService<AdminListener>();
    }
}

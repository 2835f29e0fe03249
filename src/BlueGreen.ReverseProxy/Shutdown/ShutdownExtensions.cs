using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>Wires up what happens between the signal to stop and the end of the process.</summary>
internal static class ShutdownExtensions
{
    public static void AddShutdown(this IServiceCollection services)
    {
        services.AddSingleton<ServingMark>();
        services.AddSingleton<StopSignals>();
        services.AddSingleton<ControlStop>();
        services.AddSingleton<TrafficStop>();
        services.AddSingleton(provider =>
        {
            var (control, traffic) = (provider.GetRequiredService<ControlStop>(), provider.GetRequiredService<TrafficStop>());
            return new StopPlan(control.Loops, control.State, traffic.Steps, traffic.Rest);
        });
        services.AddSingleton<StopSequence>();
        services.AddHostedService(provider => provider.GetRequiredService<StopSequence>());

        // Read while the host is built, errors or not; see ListeningExtensions.
        services.AddSingleton<IConfigureOptions<HostOptions>>(provider => new ConfigureOptions<HostOptions>(host =>
        {
            host.ShutdownTimeout = StopSequence.LongestOf(provider.GetRequiredService<BlueGreenSettings>().Options.Shutdown);

            // BackgroundLoops lets no exception through. If one gets past it, a background service is no reason to end the traffic.
            host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore;
        }));
    }
}

using BlueGreen.ReverseProxy.Extensibility;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Embedding;

/// <summary>Wires up what a host of one's own gets.</summary>
internal static class EmbeddingExtensions
{
    public static void AddEmbedding(this IServiceCollection services)
    {
        services.AddSingleton(new GatewayParts());
        services.AddHostedService<StartCheck>();
        services.AddSingleton<HostProblems>();
        services.AddSingleton<HostOrders>();
        services.AddSingleton<IBlueGreen, HostBlueGreen>();
    }

    /// <summary>What was added so far.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="caller">Which call needs it.</param>
    /// <exception cref="InvalidOperationException">AddBlueGreen is missing.</exception>
    public static GatewayParts Parts(this IServiceCollection services, string caller) =>
        FindParts(services) ?? throw new InvalidOperationException($"{caller} has to be called after AddBlueGreen.");

    public static GatewayParts? FindParts(this IServiceCollection services) =>
        services.LastOrDefault(descriptor => descriptor.ServiceType == typeof(GatewayParts))?.ImplementationInstance as GatewayParts;

    /// <summary>Notes a step of the pipeline.</summary>
    /// <exception cref="InvalidOperationException">AddBlueGreen is missing, or the order is wrong.</exception>
    public static void Note(this IServiceProvider services, PipelineStep step) =>
        (services.GetService<GatewayParts>() ?? throw new InvalidOperationException($"{step} needs AddBlueGreen or AddBlueGreenGateway, before the application is built.")).Add(step);
}

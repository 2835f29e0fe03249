using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Previews;

/// <summary>Wires up what verifies previews.</summary>
internal static class PreviewsExtensions
{
    public static void AddPreviews(this IServiceCollection services)
    {
        services.AddSingleton<PreviewKeys>();
        services.AddSingleton<PreviewRefusals>();
    }
}

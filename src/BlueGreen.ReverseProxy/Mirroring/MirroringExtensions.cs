using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>Wires up the mirrors.</summary>
internal static class MirroringExtensions
{
    public static void AddMirroring(this IServiceCollection services) => services.AddSingleton<MirrorRuns>();
}

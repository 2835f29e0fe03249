using BlueGreen.ReverseProxy.State.Files;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What the state is made of.</summary>
internal static class StateServices
{
    public static IServiceCollection AddState(this IServiceCollection services)
    {
        services.AddSingleton<FileStateStore>();
        services.AddSingleton<IStateStore>(provider => provider.GetRequiredService<FileStateStore>());
        services.AddSingleton<CommittedState>();
        services.AddSingleton<LeavingLock>();
        services.AddSingleton<TableSubscriber>();
        services.AddSingleton<PreviewSubscriber>();
        services.AddSingleton<MirrorSubscriber>();
        services.AddHostedService<JournalKeeper>();
        return services;
    }
}

using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Releases.Bake.Queries;
using BlueGreen.ReverseProxy.Releases.Bake.Replay;
using BlueGreen.ReverseProxy.Releases.Events;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Releases.Mirroring;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>What releases are made of: orders, the steps of a running release, gates, the bake, hooks.</summary>
internal static class ReleaseServices
{
    public static IServiceCollection AddReleases(this IServiceCollection services)
    {
        services.AddSingleton<ReleaseEngine>();
        services.AddSingleton<SlotDeployer>();
        services.AddSingleton<ServiceMaintenance>();
        services.AddSingleton<PreviewTokens>();
        services.AddSingleton<ServiceMirrors>();
        services.AddSingleton<MirrorNote>();

        services.AddSingleton<UntilStored>();
        services.AddSingleton<ReleaseContext>();
        services.AddSingleton<ReleaseProgresses>();
        services.AddSingleton<VerifyStep>();
        services.AddSingleton<ApprovalStep>();
        services.AddSingleton<SwitchMeasurement>();
        services.AddSingleton<KeyConcentration>();
        services.AddSingleton<ShiftReadiness>();
        services.AddSingleton<EvidenceStep>();
        services.AddSingleton<ShiftingStep>();
        services.AddSingleton<RevertStep>();
        services.AddSingleton<HoldSwitch>();
        services.AddSingleton<HoldStep>();
        services.AddSingleton<DrainStep>();
        services.AddSingleton<BakeStep>();
        services.AddSingleton<ConfirmingStep>();
        services.AddSingleton<ReleaseRunner>();

        // Before the runner: the first thing that it does may be an event.
        services.AddHostedService<ReleaseEventDispatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<ReleaseRunner>());

        services.AddSingleton<HoldByHand>();
        services.AddSingleton<HoldKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<HoldKeeper>());

        services.AddSingleton<SlotWarmer>();
        services.AddSingleton<HostGates>();
        services.AddSingleton<PrometheusClient>();
        services.AddSingleton<QueryGates>();
        services.AddSingleton<GateEvaluator>();

        services.AddSingleton(provider => BakeBaselines.NumbersAfter(provider.GetRequiredService<CommittedState>().Current));
        services.AddSingleton<BakeBaselines>();
        services.AddSingleton<BakeMonitors>();
        services.AddSingleton<BakeEnd>();
        services.AddSingleton<Confirmations>();
        services.AddSingleton<BakeHandOver>();
        services.AddSingleton<QueryLoops>();
        services.AddSingleton<BakeGuard>();
        services.AddHostedService(provider => provider.GetRequiredService<BakeGuard>());
        services.AddHostedService<BaselineSampler>();
        services.AddHostedService<OutcomeRecorder>();

        services.AddSingleton<HookCall>();
        services.AddSingleton<PreSwitchHooks>();
        services.AddSingleton<HookDeliverer>();
        services.AddHostedService(provider => provider.GetRequiredService<HookDeliverer>());
        services.AddSingleton<Decommissioner>();
        services.AddHostedService(provider => provider.GetRequiredService<Decommissioner>());
        return services;
    }
}

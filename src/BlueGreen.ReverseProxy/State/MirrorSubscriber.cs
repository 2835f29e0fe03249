using BlueGreen.ReverseProxy.Mirroring;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Ends mirrors when the committed state has no room for them any more: before the commit that does so is acknowledged.</summary>
internal sealed class MirrorSubscriber
{
    public MirrorSubscriber(CommittedState state, MirrorRuns runs)
    {
        runs.Follow(order => WhyNot(state.Current, order));
        state.Subscribe((_, next) => runs.Follow(order => WhyNot(next, order)));
    }

    /// <summary>Why a mirror may not go on; null where it may.</summary>
    public static string? WhyNot(GatewayState state, MirrorOrder order)
    {
        var name = order.Service.Name;
        if (state.Running.Find(release => release.Holds(name)) is { } release)
        {
            return $"release {release.Id} began";
        }

        return !state.Services.TryGetValue(name, out var service) ? "the service was removed"
            : service.Active != order.From ? "the slots were switched"
            : service.Generation != order.Generation ? "the service was changed"
            : null;
    }
}

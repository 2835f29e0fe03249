using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Where the committed state sends the requests of a service. Pure: a row of the routing table is derived from it, and stored nowhere else.</summary>
internal static class ServiceRoutes
{
    public static ServiceRoute Of(GatewayState state, Service service)
    {
        var stored = state.Services[service.Name];
        var split = SplitOf(state, service);
        var hold = HoldOf(state, service.Name);
        return stored.Maintenance is null && split is null && hold is null
            ? ServiceRoute.To(stored.Active)
            : new ServiceRoute(stored.Active, stored.Maintenance?.ToRoute()) { Split = split, Hold = hold };
    }

    /// <summary>Whether two states send a service's requests to different places.</summary>
    public static bool Differ(GatewayState before, GatewayState next, string service)
    {
        var (was, now) = (before.Services[service], next.Services[service]);
        return was.Active != now.Active
            || !ReferenceEquals(was.Maintenance, now.Maintenance)
            || ShareOf(before, service) != ShareOf(next, service)
            || HoldOf(before, service) != HoldOf(next, service);
    }

    /// <summary>The hold of a service; null for none. A release's goes first, and only one of the two can begin while the other is there.</summary>
    public static Hold? HoldOf(GatewayState state, string service) =>
        state.Running.Find(release => release is { Status: ReleaseStatus.Holding, Hold: not null } && release.Holds(service)) is { } release
            ? release.Hold!.ToRoute(release.Id)
            : state.Services[service].Hold?.ToRoute();

    private static TrafficSplit? SplitOf(GatewayState state, Service service)
    {
        var splitting = SplittingOf(state, service.Name);
        var to = splitting?.Services.Find(entry => entry.Is(service.Name))!.To;
        return splitting switch
        {
            { Status: ReleaseStatus.Shifting, Shift: { } shift } =>
                new TrafficSplit(to!.Value, shift.Weight, new SplitKeying(splitting.Id, shift.Key, shift.Header), service.WatchOf(splitting.Id, shift.Key)),
            { Bake.Confirmation: { } confirmation } =>
                new TrafficSplit(to!.Value, BakeConfirmation.Weight, confirmation.ToKeying(splitting.Id), confirmation.WatchOf(splitting.Id, service)),
            _ => null,
        };
    }

    /// <summary>Who splits a service's traffic, and its weight. Neither a release's plan nor an attempt's key changes, so these two are all there is to tell splits apart.</summary>
    public static (string? Split, int Weight) ShareOf(GatewayState state, string service) => SplittingOf(state, service) switch
    {
        { Status: ReleaseStatus.Shifting, Shift: { } shift } release => (release.Id, shift.Weight),
        { Bake.Confirmation: { } confirmation } release => (confirmation.NameOf(release.Id), BakeConfirmation.Weight),
        _ => (null, 0),
    };

    private static ReleaseState? SplittingOf(GatewayState state, string service) => state.Running.Find(release =>
        release is { Status: ReleaseStatus.Shifting, Shift: not null } or { Status: ReleaseStatus.Confirming, Bake.Confirmation: not null } && release.Holds(service));
}

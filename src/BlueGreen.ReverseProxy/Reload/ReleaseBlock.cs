using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Reload;

/// <summary>A running release that a change of the configuration would pull a service from under.</summary>
/// <param name="Service">The service.</param>
/// <param name="Release">The release's id.</param>
/// <param name="Text">What is in the way, and what to do.</param>
internal sealed record ReleaseBlock(string Service, string Release, string Text)
{
    /// <summary>The releases that are in the way of a set of services. Pure.</summary>
    /// <param name="current">The services that there are.</param>
    /// <param name="next">The services that there would be.</param>
    /// <param name="state">The state, with the running releases.</param>
    public static ImmutableArray<ReleaseBlock> Find(ServiceSet current, ServiceSet next, GatewayState state) =>
    [
        .. from service in current.All
           where !next.Contains(service)
           from release in state.Running
           where release.Holds(service.Name)
           select new ReleaseBlock(service.Name, release.Id, Explain(service, isGone: next.Find(service.Name) is null, release)),
    ];

    private static string Explain(Service service, bool isGone, ReleaseState release) =>
        $"BlueGreen:Services:{service.Name} can't {(isGone ? "be removed" : "be given other clusters")} while release {release.Id} runs for it ({ReleaseAudit.NameOf(release.Status)}{(release.Bake?.Hold is null ? "" : ", held")}): {WhatToDo(release)}. The whole change is applied as soon as the release has ended.";

    private static string WhatToDo(ReleaseState release) => release switch
    {
        { Bake.Hold: not null } => "finish it, or roll it back",
        _ when release.Status.IsBeforeSwitch() => "wait for it, or abort it",
        _ => "wait for it, finish it, or roll it back",
    };
}

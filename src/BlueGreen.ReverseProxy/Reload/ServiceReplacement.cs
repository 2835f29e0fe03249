using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Shutdown;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy;

namespace BlueGreen.ReverseProxy.Reload;

/// <summary>Puts other services, options, routes and clusters in the place of those in use: all of them or none.</summary>
/// <remarks>
/// The order, and what it defends against:
/// <list type="number">
/// <item>Under the one writer of the state: no running release holds a service that goes. From then on none can begin, so that it can't be
/// placed between this look and the removal. Services that are new are stored with the slot that they begin with.</item>
/// <item>New services get their row in the routing table, and their deployed destinations, before YARP loads: a request that arrives on a
/// new route before its binding is published is bound on the spot, and finds the slot that the state names.</item>
/// <item>YARP loads routes, clusters and services as one value. What it had before serves until then, removed services too. A request that
/// has found a slot of one of those is served there to its end.</item>
/// <item>Under the writer again: the options and the services that releases and the admin API see, each with one reference. A release that
/// was placed since the first step keeps the metrics that its bake is about to count by.</item>
/// <item>Probes and loops follow.</item>
/// </list>
/// If YARP refuses in the third step, the first two are taken back; nobody has seen them.
/// </remarks>
internal sealed partial class ServiceReplacement(
    CommittedState state,
    ServiceCatalog services,
    CurrentOptions options,
    RoutingTablePublisher tables,
    SlotConfigProvider destinations,
    AcceptedConfigProvider accepted,
    BakeBaselines baselines,
    HealthMonitor health,
    MirrorRuns mirrors,
    IServiceProvider provider,
    IOptions<HostOptions> host,
    TimeProvider time,
    ILogger<ServiceReplacement> logger)
{
    // Names of new destinations are looked up within the load, which waits 5 s for them at the most.
    private static readonly TimeSpan ApplyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Replaces them.</summary>
    /// <returns>The releases that are in the way, with nothing changed; or none, and the services whose <c>Bake:FailOn</c> waits for a release.</returns>
    /// <exception cref="StateUnavailableException">New services can't be stored: nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">YARP has refused its part: nothing has changed.</exception>
    public async Task<(ImmutableArray<ReleaseBlock> Blocks, ImmutableArray<string> Held)> ReplaceAsync(
        OptionsChange change, BlueGreenOptions next, CancellationToken stopping)
    {
        var set = services.Prepare(next.Services.Values);
        var blocks = await AnnounceAsync(set, stopping);
        if (!blocks.IsEmpty)
        {
            return (blocks, []);
        }

        var added = set.All.RemoveAll(services.Current.Contains);
        foreach (var service in added)
        {
            PutIn(service);
        }

        await LoadAsync(set, stopping);
        var held = await state.CommitAsync(
            committed =>
            {
                ImmutableArray<string> held = [.. change.OtherFailures.Where(name => committed.State.Running.Exists(release => release.Holds(name)))];
                services.Replace(set, OptionsChange.HoldFailures(next, options.Value, held));
                mirrors.EndOthers(set.All);
                return new Decision<ImmutableArray<string>>(null, held);
            },
            stopping);
        Follow(change, added, held);
        return ([], held);
    }

    private async Task<ImmutableArray<ReleaseBlock>> AnnounceAsync(ServiceSet set, CancellationToken stopping)
    {
        try
        {
            return await state.CommitAsync<ImmutableArray<ReleaseBlock>>(
                committed =>
                {
                    var blocks = ReleaseBlock.Find(services.Current, set, committed.State);
                    if (!blocks.IsEmpty)
                    {
                        return new(null, blocks);
                    }

                    services.Announce(set);
                    var unknown = set.All.RemoveAll(service => committed.State.Services.ContainsKey(service.Name));
                    return new(
                        unknown.IsEmpty ? null : unknown.Aggregate(
                            committed.Change(), (change, service) => change.WithService(service.Name, ServiceState.Begin(service.Options.InitialActive))),
                        blocks);
                },
                stopping);
        }
        catch
        {
            services.Announce(null);
            throw;
        }
    }

    private void PutIn(Service service)
    {
        var stored = state[service];
        foreach (var slot in SlotNames.All)
        {
            service[slot].DeclaredVersion = stored[slot]?.Version;
        }

        destinations.Prepare(SlotNames.All.Select(slot => (service[slot].ClusterId, stored[slot]?.ToDestinations())));
        tables.Route([(service, ServiceRoutes.Of(state.Current, service))]);
        baselines.Begin(service);
    }

    private async Task LoadAsync(ServiceSet set, CancellationToken stopping)
    {
        var before = accepted.Accepted;
        try
        {
            await accepted.ApplyAsync(accepted.Read(set)).WaitAsync(ApplyTimeout, time, stopping);
        }
        catch (Exception exception) when (exception is InvalidOperationException or TimeoutException)
        {
            services.Announce(null);
            await accepted.ApplyAsync(new AcceptedConfig(before.Routes, before.Clusters, before.Services))
                .WaitAsync(ApplyTimeout, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            health.Follow(Clusters());
            throw new InvalidOperationException(
                exception is TimeoutException ? $"YARP has not applied the configuration within {ApplyTimeout.TotalSeconds} s." : exception.Message, exception);
        }
    }

    private void Follow(OptionsChange change, ImmutableArray<Service> added, ImmutableArray<string> held)
    {
        // What was counted by other metrics can't be compared with.
        foreach (var name in change.OtherFailures.Except(held, StringComparer.OrdinalIgnoreCase))
        {
            baselines.Restart(services.Get(name));
        }

        health.Follow(Clusters());
        host.Value.ShutdownTimeout = StopSequence.LongestOf(options.Value.Shutdown);
        foreach (var name in change.RemovedServices.Where(state.Current.Services.ContainsKey))
        {
            LogRemoved(logger, name, state.Current.Services[name].Active.ToText());
        }

        foreach (var service in added)
        {
            LogAdded(logger, service.Name, state[service].Active.ToText(), service.Blue.ClusterId, service.Green.ClusterId);
        }
    }

    // YARP's state is built with its listeners, which services of the gateway are; so it can only be asked for later.
    private IEnumerable<Yarp.ReverseProxy.Model.ClusterState> Clusters() => provider.GetRequiredService<IProxyStateLookup>().GetClusters();

    [LoggerMessage(8206, LogLevel.Warning, "Service {Service} was removed, and {Active} was its active slot. Routes that are left of it lead to the clusters that they name, whichever slot that is, and maintenance does not close them.")]
    private static partial void LogRemoved(ILogger logger, string service, string active);

    [LoggerMessage(8205, LogLevel.Information, "Service {Service} was added: {Active} is active. Blue is cluster {Blue}, green is cluster {Green}.")]
    private static partial void LogAdded(ILogger logger, string service, string active, string blue, string green);
}

using System.Collections.Immutable;
using System.Threading.Channels;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Queries;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Makes the monitors of the slots that releases switch to, and hands them to the <see cref="BakeGuard"/> at the switch.</summary>
internal sealed class BakeMonitors(ServiceCatalog services, BakeBaselines baselines, TimeProvider time)
{
    private readonly Channel<ReleaseMonitor> _started = Channel.CreateUnbounded<ReleaseMonitor>();

    /// <summary>The monitors whose slots have become active.</summary>
    public ChannelReader<ReleaseMonitor> Started => _started.Reader;

    /// <summary>Makes the monitor of the new slots, which counts from now on; null for a release that is not watched.</summary>
    /// <param name="release">The release, with what <see cref="BakeBaselines.Freeze(ReleaseState, GatewayState)"/> gave.</param>
    /// <param name="sinceSwitch">How long ago the switch was: zero before it, more after a restart.</param>
    public ReleaseMonitor? Prepare(ReleaseState release, TimeSpan sinceSwitch)
    {
        if (release.Bake is not { } bake || !release.IsWatched)
        {
            return null;
        }

        var open = release.Open.ToList();
        var monitors = open.Select(service =>
        {
            var entry = services.Get(service.Name);
            var baseline = bake.Baselines.Find(baseline => baseline.Service == service.Name) ?? Empty(service.Name);
            return new ServiceMonitor(
                entry,
                service,
                BakePlan.Of(entry.Options.Bake, baseline, release.Services.Count),
                CarriedOf(bake, service.Name),
                sinceSwitch,
                time,
                release is { Shift: { } shift, SwitchedAt: null } ? entry.WatchOf(release.Id, shift.Key) : null);
        });

        // The most careful of the services speaks for the release.
        var options = open.Select(service => services.Get(service.Name).Options.Bake).MaxBy(bake => bake.NoData)!;
        return new ReleaseMonitor(release.Id, [.. monitors], options)
        {
            IsOfShift = release is { Shift: not null, SwitchedAt: null },
            Curves = new EvidenceCurves(release.CreatedAt, bake.Services, time),
            Queries =
            [
                .. open.Where(service => !services.Get(service.Name).Options.Bake.Queries.IsEmpty)
                    .Select(service => new QueryWatch(services.Get(service.Name), service, services.Get(service.Name).Options.Bake.Queries)),
            ],
        };
    }

    /// <summary>The new slots are active: starts their monitor, if there is one.</summary>
    public void Start(ReleaseState release, ReleaseMonitor? monitor)
    {
        foreach (var service in release.Open)
        {
            // Only what the slot answers from now on can be a baseline for the release after this one.
            baselines.HistoryOf(services.Get(service.Name), service.To).Restart();
        }

        Watch(monitor);
    }

    /// <summary>Hands a monitor, if there is one, to the guard.</summary>
    public void Watch(ReleaseMonitor? monitor)
    {
        if (monitor is not null)
        {
            _started.Writer.TryWrite(monitor);
        }
    }

    // Groups that were made with another seed hold other clients.
    private ServiceFigures? CarriedOf(BakeState bake, string service)
    {
        var carried = bake.Services.Find(carried => carried.Name == service);
        return bake.ClientSeed == baselines.ClientSeed ? carried : carried?.WithoutClients();
    }

    private static BakeBaseline Empty(string service) =>
        new(service, 0, ImmutableSortedDictionary<string, long>.Empty, 0, 0, ImmutableSortedDictionary<int, long>.Empty);
}

using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Threading.Channels;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Freezes the old slots' past at a switch, and begins to watch the new slots.</summary>
internal sealed class BakeWatches
{
    private readonly ServiceCatalog _services;
    private readonly TimeProvider _time;
    private readonly FrozenDictionary<Slot, SlotHistory> _histories;
    private readonly Channel<BakeWatch> _begun = Channel.CreateUnbounded<BakeWatch>();

    public BakeWatches(ServiceCatalog services, TimeProvider time)
    {
        _services = services;
        _time = time;
        _histories = services.All
            .SelectMany(service => SlotNames.All.Select(slot => (Slot: service[slot], service.Options.Bake.BaselineWindow)))
            .ToFrozenDictionary(entry => entry.Slot, entry => new SlotHistory(entry.Slot.Meter, entry.BaselineWindow, time));
    }

    /// <summary>The watches that have begun, for the one who acts on what they find.</summary>
    public ChannelReader<BakeWatch> Begun => _begun.Reader;

    public SlotHistory HistoryOf(Slot slot) => _histories[slot];

    public static bool IsWatched(ReleaseState release) => release is { Kind: ReleaseKind.Cutover, BakeSeconds: > 0 };

    /// <summary>What is stored with the switch.</summary>
    /// <param name="release">The release that is about to switch.</param>
    /// <param name="state">The state, for what the last process has left of the past.</param>
    public BakeState? Freeze(ReleaseState release, GatewayState state) => IsWatched(release)
        ? new BakeState { Baselines = [.. release.Open.Select(service => Freeze(Entry(service.Name), service.From, state.Services[service.Name]))] }
        : null;

    /// <summary>What is to outlive this process, which stops: the past of the active slot; null if it has answered nothing.</summary>
    public CarriedBaseline? HandOver(string service, ServiceState known) =>
        Freeze(Entry(service), known.Active, known) is { Responses: > 0 } measured ? new(known.Active, known.Generation, measured) : null;

    /// <summary>Makes the watch over the new slots, which counts from now on; null for a release that is not watched.</summary>
    /// <param name="release">The release, with what <see cref="Freeze(ReleaseState, GatewayState)"/> gave.</param>
    /// <param name="sinceSwitch">How long ago the switch was: zero before it, more after a restart.</param>
    public BakeWatch? Prepare(ReleaseState release, TimeSpan sinceSwitch)
    {
        if (release.Bake is not { } bake || !IsWatched(release))
        {
            return null;
        }

        var open = release.Open.ToList();
        var services = open.Select(service =>
        {
            var entry = Entry(service.Name);
            var baseline = bake.Baselines.Find(baseline => baseline.Service == service.Name) ?? Empty(service.Name);
            return new ServiceWatch(
                entry,
                service,
                BakePlan.Of(entry.Options.Bake, baseline, release.Services.Count),
                bake.Services.Find(carried => carried.Name == service.Name),
                sinceSwitch,
                _time);
        });

        // The most careful of the services speaks for the release.
        var options = open.Select(service => Entry(service.Name).Options.Bake).MaxBy(bake => bake.NoData)!;
        return new BakeWatch(release.Id, [.. services], options);
    }

    /// <summary>The new slots are active: hands the watch over, if there is one.</summary>
    public void Begin(ReleaseState release, BakeWatch? watch)
    {
        foreach (var service in release.Open)
        {
            // Only what the slot answers from now on can be a baseline for the release after this one.
            HistoryOf(Entry(service.Name)[service.To]).Restart();
        }

        if (watch is not null)
        {
            _begun.Writer.TryWrite(watch);
        }
    }

    private static BakeBaseline Empty(string service) =>
        new(service, 0, ImmutableSortedDictionary<string, long>.Empty, 0, 0, ImmutableSortedDictionary<int, long>.Empty);

    // Until this process has looked at a whole window, the last one's past counts as well.
    private BakeBaseline Freeze(Service service, SlotName slot, ServiceState known)
    {
        var own = Freeze(service, slot);
        return known.Baseline is { Measured: var before } carried
            && carried.Slot == slot
            && carried.Generation == known.Generation
            && own.Seconds < service.Options.Bake.BaselineWindow.TotalSeconds
            ? own.With(before)
            : own;
    }

    private BakeBaseline Freeze(Service service, SlotName slot)
    {
        var (counted, clients, length) = HistoryOf(service[slot]).UpToNow();
        var metrics = service.Options.Bake.FailOn.Select((metric, index) => KeyValuePair.Create(metric.Name, counted.Bad(index)));
        return new BakeBaseline(
            service.Name, counted.Trials, metrics.ToImmutableSortedDictionary(StringComparer.Ordinal), clients, Math.Round(length.TotalSeconds, 3), counted.LatencyCounts());
    }

    private Service Entry(string service) =>
        _services.TryGet(service, out var entry) ? entry : throw new InvalidOperationException($"Service {service} is no longer configured.");
}

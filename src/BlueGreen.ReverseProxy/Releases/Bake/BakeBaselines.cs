using System.Collections.Concurrent;
using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>What the active slots have answered so far: the baseline that a switch freezes and the bake judges by.</summary>
internal sealed class BakeBaselines
{
    private readonly ServiceCatalog _services;
    private readonly TimeProvider _time;

    // A removed service leaves its own behind: it may come back.
    private readonly ConcurrentDictionary<Slot, SlotHistory> _histories = new();

    private readonly ClientNumbers _clients;

    public BakeBaselines(ServiceCatalog services, TimeProvider time, ClientNumbers? clients = null)
    {
        _services = services;
        _time = time;
        _clients = clients ?? new();
        foreach (var service in services.All)
        {
            Begin(service);
        }
    }

    /// <summary>What this process makes the clients' numbers with.</summary>
    public long ClientSeed => _clients.Seed;

    /// <summary>
    /// The numbers of the last process, if a bake is to be gone on with. All bakes that run at the same time have the same seed: this
    /// process stores with each new one what it has taken from those before.
    /// </summary>
    public static ClientNumbers NumbersAfter(GatewayState state) =>
        state.Running.Select(release => release.Bake?.ClientSeed).FirstOrDefault(seed => seed is not null) is { } seed ? new(seed) : new();

    /// <summary>What counts for a service's baselines begins now, unless it has begun.</summary>
    public void Begin(Service service)
    {
        foreach (var slot in SlotNames.All)
        {
            HistoryOf(service, slot);
        }
    }

    /// <summary>Nothing that was before counts any more, for either slot.</summary>
    public void Restart(Service service)
    {
        foreach (var slot in SlotNames.All)
        {
            HistoryOf(service, slot).Restart();
        }
    }

    public SlotHistory HistoryOf(Service service, SlotName slot) => _histories.GetOrAdd(
        service[slot],
        static (known, asked) => new SlotHistory(known.Meter, () => asked.Service.Options.Bake.BaselineWindow, asked.Time),
        (Service: service, Time: _time));

    /// <summary>The baselines to store with the switch; null for a release that is not watched.</summary>
    /// <param name="release">The release that is about to switch.</param>
    /// <param name="state">The state, which may carry what the previous process measured.</param>
    public BakeState? Freeze(ReleaseState release, GatewayState state) => release.IsWatched
        ? new BakeState { ClientSeed = _clients.Seed, Baselines = [.. release.Open.Select(service => Freeze(_services.Get(service.Name), service.From, state.Services[service.Name]))] }
        : null;

    /// <summary>The active slot's baseline, to outlive this process when it stops; null if the slot has answered nothing.</summary>
    public CarriedBaseline? HandOver(string service, ServiceState known) =>
        Freeze(_services.Get(service), known.Active, known) is { Responses: > 0 } measured ? new(known.Active, known.Generation, measured) : null;

    // Until this process has measured a whole window, what the previous one measured counts as well.
    private BakeBaseline Freeze(Service service, SlotName slot, ServiceState known)
    {
        var own = Freeze(service, slot);
        var whole = known.Baseline is { Measured: var before } carried
            && carried.Slot == slot
            && carried.Generation == known.Generation
            && own.Seconds < service.Options.Bake.BaselineWindow.TotalSeconds
            ? own.With(before)
            : own;

        // With one route there is nothing to tell apart, and nothing that an older build would not understand.
        return whole.Strata is { Count: > 1 } ? whole : whole with { StratifiedBy = null, Strata = null };
    }

    private BakeBaseline Freeze(Service service, SlotName slot)
    {
        var (counted, clients, length) = HistoryOf(service, slot).UpToNow();
        var metrics = service.Options.Bake.FailOn.Select((metric, index) => KeyValuePair.Create(metric.Name, counted.Bad(index)));
        var strata = counted.Strata is { Names.By.Kind: not StratifyKind.None } told ? told : null;
        return new BakeBaseline(
            service.Name, counted.Trials, metrics.ToImmutableSortedDictionary(StringComparer.Ordinal), clients, Math.Round(length.TotalSeconds, 3), counted.LatencyCounts())
        {
            StratifiedBy = strata?.Names.By.ToString(),
            Strata = strata.ToTotals(service.Options.Bake.FailOn),

            // A service without WebSockets is not judged by them: each metric more takes its share of α from the others.
            WebSockets = counted.WebSockets > 0 || service[slot].Work.Upgrades > 0 ? new BaselineSockets(counted.WebSockets, counted.BrokenWebSockets) : null,
        };
    }
}

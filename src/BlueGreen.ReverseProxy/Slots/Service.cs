using System.Collections.Frozen;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>A configured service, its slots, and its place in every <see cref="RoutingTable"/>.</summary>
internal sealed class Service
{
    private readonly Lock _watchGate = new();
    private (string? Release, SplitWatch? Watch) _watch;
    private (string? Attempt, SplitWatch? Watch) _confirmation;
    private readonly TimeProvider _time;
    private readonly CurrentOptions? _current;
    private ServiceOptions _own;
    private FrozenDictionary<string, PreviewHostOptions> _previewHosts;

    /// <summary>Makes a service.</summary>
    /// <param name="index">The place; never that of another service.</param>
    /// <param name="options">Its options until <paramref name="current"/> has some of this name, and after that has them no more.</param>
    /// <param name="time">The clock.</param>
    /// <param name="current">Where its options are; null where they never change.</param>
    public Service(int index, ServiceOptions options, TimeProvider time, CurrentOptions? current = null)
    {
        (_time, _current, _own, _previewHosts) = (time, current, options, options.Preview.Hosts);
        (Index, Name) = (index, options.Name);

        // One for both slots: a number means the same on either.
        var strata = new StratumNames(options.Bake.StratifyBy);
        SlotMeter MeterOf(SlotName slot) => new(slot, FailureCodes.Of(options.Bake.FailOn), strata);
        Blue = new(SlotName.Blue, options.Blue, options.LongLived, time, MeterOf(SlotName.Blue));
        Green = new(SlotName.Green, options.Green, options.LongLived, time, MeterOf(SlotName.Green));
        Held = new(time);
    }

    public int Index { get; }

    /// <summary>The options in use. Two reads may give two values, with a reload in between.</summary>
    public ServiceOptions Options => _current?.Value.Services.GetValueOrDefault(Name) ?? Volatile.Read(ref _own);

    /// <summary>The hosts that show a preview. Kept here, because each request asks for them.</summary>
    public FrozenDictionary<string, PreviewHostOptions> PreviewHosts => Volatile.Read(ref _previewHosts);

    public string Name { get; }

    public Slot Blue { get; }

    public Slot Green { get; }

    public Slot this[SlotName slot] => slot == SlotName.Blue ? Blue : Green;

    /// <summary>What counts the slots' requests while a release shifts traffic; another one for another release.</summary>
    public SplitWatch WatchOf(string release, TrafficKeyKind key)
    {
        lock (_watchGate)
        {
            if (_watch.Release != release)
            {
                _watch = (release, new SplitWatch(key == TrafficKeyKind.Request, _time));
            }

            return _watch.Watch!;
        }
    }

    /// <summary>The same for whoever only looks; null where another release has taken its place.</summary>
    public SplitWatch? FindWatch(string release)
    {
        lock (_watchGate)
        {
            return _watch.Release == release ? _watch.Watch : null;
        }
    }

    /// <summary>See <see cref="ConfirmationOf"/>, for whoever only looks; null where another attempt has taken its place.</summary>
    /// <remarks>
    /// A view may be of a release as it was a moment ago: if it made what counts attempt 1 again, what attempt 2 has counted would be gone.
    /// </remarks>
    public SplitWatch? FindConfirmation(string attempt)
    {
        lock (_watchGate)
        {
            return _confirmation.Attempt == attempt ? _confirmation.Watch : null;
        }
    }

    /// <summary>What counts the slots' requests while one attempt of a bake's confirmation lasts; another one for another attempt.</summary>
    public SplitWatch ConfirmationOf(string attempt, TrafficKeyKind key, int metric, TimeSpan? hangAfter, byte? stratum = null)
    {
        lock (_watchGate)
        {
            if (_confirmation.Attempt != attempt)
            {
                var watch = new SplitWatch(key == TrafficKeyKind.Request, _time, metric, stratum);
                if (hangAfter is { } after)
                {
                    watch.CompareHangs(after);
                }

                _confirmation = (attempt, watch);
            }

            return _confirmation.Watch!;
        }
    }

    /// <summary>Where requests wait while the table holds the service.</summary>
    public HoldQueue Held { get; }

    /// <summary>The service is removed: it has the options that it had for as long as requests are in flight on it.</summary>
    public void KeepOptions() => Volatile.Write(ref _own, Options);

    /// <summary>Keeps, and hands the slots, what of the options is kept, because each request asks for it.</summary>
    public void FollowOptions()
    {
        Volatile.Write(ref _previewHosts, Options.Preview.Hosts);
        var (longLived, failOn, stratifyBy) = (Options.LongLived, Options.Bake.FailOn, Options.Bake.StratifyBy);
        var strata = Blue.Meter.Strata.By == stratifyBy ? null : new StratumNames(stratifyBy);
        foreach (var slot in SlotNames.All)
        {
            this[slot].LongLivedOptions = longLived;
            if (!this[slot].Meter.Failures.AreOf(failOn))
            {
                this[slot].Meter.Failures = FailureCodes.Of(failOn);
            }

            if (strata is not null)
            {
                this[slot].Meter.Strata = strata;
            }
        }
    }
}

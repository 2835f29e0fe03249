using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Routing;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>Probes one destination, in a loop of its own and on demand, and keeps what it found.</summary>
#pragma warning disable CA1001 // Never disposed: a verification may still read the flag, and a source without a timer holds nothing that the collector can't free.
internal sealed class DestinationProber
#pragma warning restore CA1001
{
    // ±10 %, so that the probes of a fleet of gateways and destinations don't beat in step.
    private const double Jitter = 0.1;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HealthOptions _options;
    private readonly ClusterState _cluster;
    private readonly ProbeClient _client;
    private readonly IDestinationHealthUpdater _updater;
    private readonly Action<DestinationProber, DestinationHealthRecord> _probed;
    private readonly TimeProvider _time;
    private DestinationHealthRecord _record = DestinationHealthRecord.NotProbed;

    public DestinationProber(
        HealthOptions options,
        ClusterState cluster,
        DestinationState destination,
        ProbeClient client,
        IDestinationHealthUpdater updater,
        Action<DestinationProber, DestinationHealthRecord> probed,
        TimeProvider time)
    {
        _options = options;
        _cluster = cluster;
        _client = client;
        _updater = updater;
        _probed = probed;
        _time = time;
        Destination = destination;
        Model = destination.Model;
    }

    public DestinationState Destination { get; }

    /// <summary>What was probed; a destination with another address gets another prober.</summary>
    public DestinationModel Model { get; }

    /// <summary>The id that the operator gave; YARP's own may carry more (see <see cref="SlotDestinations.IdKey"/>).</summary>
    public string Id => Model.Config.Metadata?.GetValueOrDefault(SlotDestinations.IdKey) ?? Destination.DestinationId;

    /// <summary>The address that the operator gave, which may be by name; the id says which of its addresses this is.</summary>
    public string Address => Model.Config.Metadata?.GetValueOrDefault(NamedDestinations.AddressKey) ?? Model.Config.Address;

    public DestinationHealthRecord Record => Volatile.Read(ref _record);

    /// <summary>Raised by <see cref="Stop"/>.</summary>
    public CancellationToken Stopped => _stop.Token;

    public async Task RunAsync()
    {
        var stopped = _stop.Token;
        try
        {
            while (true)
            {
                await ProbeAsync(stopped);

                // As long as nothing is known, the operator waits: ask at the pace of a verification.
                var interval = Record.State == HealthState.Unknown && _options.VerifyInterval < _options.Interval ? _options.VerifyInterval : _options.Interval;
                await Task.Delay(Jittered(interval), _time, stopped);
            }
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // Stopped: the destination is gone, or the gateway is.
        }
        catch
        {
            Forget();
            throw;
        }
    }

    /// <summary>Probes now and counts the result.</summary>
    public async Task<ProbeStatus> ProbeAsync(CancellationToken cancellationToken)
    {
        var probe = await _client.ProbeAsync(_options, _cluster.Model.Config, Model.Config, cancellationToken);
        DestinationHealthRecord before;
        lock (_lock)
        {
            before = _record;

            // The loop and a verification may probe at once; each result counts, in the order in which they end. A result that
            // ends after the prober was stopped speaks of an address that is no longer the destination's.
            if (!_stop.IsCancellationRequested)
            {
                Volatile.Write(ref _record, _record.After(probe, _options));
                _updater.SetActive(_cluster, [new NewActiveDestinationHealth(Destination, ForYarp(_record.State))]);
            }
        }

        _probed(this, before);
        return probe;
    }

    public void Stop()
    {
        lock (_lock)
        {
            // Set at once; the loop wakes up on the pool, not under this lock.
            _ = _stop.CancelAsync();
        }
    }

    // Without a loop there is no measurement, and no measurement is never healthy.
    private void Forget()
    {
        lock (_lock)
        {
            Volatile.Write(ref _record, DestinationHealthRecord.NotProbed);
        }
    }

#pragma warning disable CA5394 // Jitter needs no secret.
    private static TimeSpan Jittered(TimeSpan interval) => interval * (1 - Jitter + (Random.Shared.NextDouble() * 2 * Jitter));
#pragma warning restore CA5394

    private static DestinationHealth ForYarp(HealthState state) => state switch
    {
        HealthState.Healthy => DestinationHealth.Healthy,
        HealthState.Unhealthy => DestinationHealth.Unhealthy,
        _ => DestinationHealth.Unknown,
    };
}

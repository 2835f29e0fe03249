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

    // As long as bluegreen waits for a deployment if nothing else is said. Whoever needs longer is left to the regular probes, and a
    // standby that is off is not asked every second for ever.
    private static readonly TimeSpan LongestAwaiting = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private HealthOptions _options;
    private readonly ClusterState _cluster;
    private readonly ProbeClient _client;
    private readonly IDestinationHealthUpdater _updater;
    private readonly Action<DestinationProber, DestinationHealthRecord, DestinationHealthRecord> _probed;
    private readonly TimeProvider _time;
    private DestinationHealthRecord _record = DestinationHealthRecord.NotProbed;
    private long _awaitedSince;
    private int _awaitings = 1;
    private bool _isAwaited = true;
    private TaskCompletionSource _awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DestinationProber(
        HealthOptions options,
        ClusterState cluster,
        DestinationState destination,
        ProbeClient client,
        IDestinationHealthUpdater updater,
        Action<DestinationProber, DestinationHealthRecord, DestinationHealthRecord> probed,
        TimeProvider time)
    {
        _options = options;
        _cluster = cluster;
        _client = client;
        _updater = updater;
        _probed = probed;
        _time = time;
        _awaitedSince = time.GetTimestamp();
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

    /// <summary>How it is probed. When that changes, it is probed at once and then at the new pace, in the same loop; what was found stays.</summary>
    public HealthOptions Options
    {
        get => Volatile.Read(ref _options);
        set
        {
            lock (_lock)
            {
                if (!ReferenceEquals(_options, value))
                {
                    Volatile.Write(ref _options, value);
                    _awaited.TrySetResult();
                }
            }
        }
    }

    public DestinationHealthRecord Record => Volatile.Read(ref _record);

    /// <summary>What was found, and whether somebody still waits for it to be found healthy: see <see cref="Await"/>.</summary>
    public (DestinationHealthRecord Record, bool IsAwaited) Found
    {
        get
        {
            lock (_lock)
            {
                return (_record, _isAwaited);
            }
        }
    }

    /// <summary>Raised by <see cref="Stop"/>.</summary>
    public CancellationToken Stopped => _stop.Token;

    public async Task RunAsync()
    {
        var stopped = _stop.Token;
        try
        {
            while (true)
            {
                // Taken before the probe: a deployment that comes while it is under way has another one made at once.
                var awaited = NextAwaiting();
                await ProbeAsync(stopped);
                await PauseAsync(awaited, stopped);
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

    /// <summary>Somebody waits for this destination, as after a deployment: it is probed at once, and at the pace of a verification until it is healthy.</summary>
    public void Await()
    {
        lock (_lock)
        {
            _awaitedSince = _time.GetTimestamp();
            _awaitings++;
            _isAwaited = true;
            _awaited.TrySetResult();
        }
    }

    /// <summary>Probes now and counts the result.</summary>
    public async Task<ProbeStatus> ProbeAsync(CancellationToken cancellationToken)
    {
        var awaitings = Volatile.Read(ref _awaitings);
        var options = Options;
        var probe = await _client.ProbeAsync(options, _cluster.Model.Config, Model.Config, cancellationToken);
        DestinationHealthRecord before, after;
        lock (_lock)
        {
            before = after = _record;

            // The loop and a verification may probe at once; each result counts, in the order in which they end. A result that
            // ends after the prober was stopped speaks of an address that is no longer the destination's.
            if (!_stop.IsCancellationRequested)
            {
                after = before.After(probe, options);
                Volatile.Write(ref _record, after);

                // A probe that began before the deployment may have met the process before it: nobody waits for that one.
                _isAwaited &= !(probe.Passed && after.State == HealthState.Healthy && _awaitings == awaitings);
                _updater.SetActive(_cluster, [new NewActiveDestinationHealth(Destination, ForYarp(after.State))]);
            }
        }

        _probed(this, before, after);
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

    private Task NextAwaiting()
    {
        lock (_lock)
        {
            if (_awaited.Task.IsCompleted)
            {
                _awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _awaited.Task;
        }
    }

    private async Task PauseAsync(Task awaited, CancellationToken stopped)
    {
        using var early = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        var pause = Task.Delay(Jittered(Interval()), _time, early.Token);
        if (await Task.WhenAny(pause, awaited) == awaited)
        {
            await early.CancelAsync();
        }

        stopped.ThrowIfCancellationRequested();
    }

    private TimeSpan Interval()
    {
        lock (_lock)
        {
            var isAwaited = Record.State == HealthState.Unknown || (_isAwaited && _time.GetElapsedTime(_awaitedSince) < LongestAwaiting);
            return isAwaited && _options.VerifyInterval < _options.Interval ? _options.VerifyInterval : _options.Interval;
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

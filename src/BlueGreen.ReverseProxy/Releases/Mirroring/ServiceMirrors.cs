using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Mirroring;

/// <summary>Begins and ends mirrors: first it is committed that they were ordered, then copies are made.</summary>
internal sealed partial class ServiceMirrors : IDisposable
{
    private readonly CommittedState _state;
    private readonly ReleaseEngine _engine;
    private readonly MirrorRuns _runs;
    private readonly HealthMonitor _health;
    private readonly CurrentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ServiceMirrors> _logger;
    private readonly CancellationTokenSource _stop = new();

    // One order at a time: what was ordered last is what runs.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile bool _isStopping;

    public ServiceMirrors(
        CommittedState state, ReleaseEngine engine, MirrorRuns runs, CurrentOptions options, HealthMonitor health, UntilStored untilStored, BackgroundLoops loops, TimeProvider time, ILogger<ServiceMirrors> logger)
    {
        (_state, _engine, _runs, _options, _health, _time, _logger) = (state, engine, runs, options, health, time, logger);
        runs.OnEnded(run =>
        {
            LogEnded(logger, run.End!.IsAlarm ? LogLevel.Warning : LogLevel.Information, run.Order.Service.Name, run.End.Why);
            loops.Start("mirror", () => untilStored.CommitAsync(committed => MirrorOrders.Note(committed, run), _stop.Token));
        });

        // A standby that was sick when the mirror began is no reason: whoever ordered it could see that. The interleaving: a destination is
        // seen to be unhealthy, the mirror begins, and only then this is called.
        health.OnTurnedUnhealthy((service, slot, prober, record, what) =>
        {
            if (runs.Of(service) is { } run && run.Order.To == slot.Name
                && !(run.SickBefore.TryGetValue(prober.Destination.DestinationId, out var seen) && record.LastProbe?.At <= seen))
            {
                runs.End(run, $"the standby's health got worse: {what}", isByItself: true, isAlarm: true);
            }
        });
        health.OnOtherDestinations((service, slot, addresses) =>
        {
            // Also of one that has ended: a gate may ask for it.
            if (runs.NewestOf(service) is { } run)
            {
                var what = $"the destinations of {slot.Name.ToText()} were changed: {addresses}";
                run.Outdate(what);
                runs.End(run, what, isByItself: true);
            }
        });
    }

    /// <summary>Has requests copied, or copied otherwise. Repeating it changes nothing.</summary>
    /// <returns>Why it was not done; null when it was, or when there was nothing to do.</returns>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<Refusal?> StartAsync(Service service, MirrorSettings wanted, ServiceOrder order, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_isStopping)
            {
                throw new StateUnavailableException("The gateway is stopping, and a mirror would end with it.");
            }

            // Before the order is stored: one that can't be carried out changes nothing.
            var (whyNoKey, key) = await ReadKeyAsync(cancellationToken);
            var decided = await _state.CommitAsync(
                committed => (whyNoKey ?? _engine.WhyClosed(service)) is { } closed ? new(null, new(closed)) : Decide(committed, service, wanted, order, key), cancellationToken);
            return await AuditedAsync(MirrorOrders.Start, service, decided.Refused, order);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the mirror of a service. Repeating it changes nothing.</summary>
    /// <inheritdoc cref="StartAsync"/>
    public async Task<Refusal?> StopAsync(Service service, ServiceOrder order, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var running = _runs.Of(service);
            var decided = await _state.CommitAsync(
                committed => MirrorOrders.End(committed, service.Name, running is not null, order, _time.GetUtcNow()), cancellationToken);
            if (decided.Ends)
            {
                _runs.End(running!, $"stopped by {order.Caller.Actor}", isByItself: false);
            }

            return await AuditedAsync(MirrorOrders.Stop, service, decided.Refused, order);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends all mirrors, and writes that down as long as there is a state to write to: the gateway stops.</summary>
    public async Task EndAllAsync(CancellationToken cancellationToken)
    {
        // Without waiting for a turn: an order that is being stored may hang. One that begins after this is ended with the traffic.
        _isStopping = true;
        if (_runs.EndAll("the gateway stopped") is not { Count: > 0 } ended)
        {
            return;
        }

        try
        {
            await _state.CommitAsync(committed => MirrorOrders.Note(committed, ended), cancellationToken);
        }
        catch (StateUnavailableException exception)
        {
            LogNotNoted(_logger, exception.Message);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _turn.Dispose();
    }

    // The interleaving: the order is decided on generation 5, a deployment commits generation 6, the mirror begins. So it begins before anything
    // else can be committed, and what is written down as done has begun.
    private Decision<MirrorDecision> Decide(Committed committed, Service service, MirrorSettings wanted, ServiceOrder order, byte[]? key)
    {
        var now = _time.GetUtcNow();
        var decision = MirrorOrders.Begin(committed, service.Name, wanted, _runs.Of(service)?.Settings, order, now);
        if (decision.Result is not { Refused: null, Generation: { } generation, From: var from })
        {
            return decision;
        }

        var run = new MirrorRun(new MirrorOrder(service, generation, from, wanted, order.Caller.Actor, order.Reason, now), key, _time, _runs.TotalsOf(service));
        return _runs.WhyNot(run.Order) is { } why
            ? new(null, new(new Refusal(ProblemCodes.StaleGeneration, $"The mirror of {service.Name} did not begin: {why} at this moment. Look at the service again, then repeat.")))
            : decision with
            {
                Published = () =>
                {
                    run.SickBefore = SickOf(service[from.Other()]);
                    _runs.Begin(run);
                },
            };
    }

    private Dictionary<string, DateTimeOffset> SickOf(Slot standby) => _health.ProbersOf(standby)
        .Select(prober => (prober.Destination.DestinationId, prober.Record))
        .Where(entry => entry.Record is { State: HealthState.Unhealthy, LastProbe: not null })
        .ToDictionary(entry => entry.DestinationId, entry => entry.Record.LastProbe!.At, StringComparer.Ordinal);

    // On a thread that may wait: the file may be on a share that hangs.
    private async Task<(Refusal? WhyNot, byte[]? Key)> ReadKeyAsync(CancellationToken cancellationToken)
    {
        var options = _options.Value.Mirroring;
        byte[]? key = null;
        var why = await Task.Run(() => MirrorKeyFile.TryRead(options, out key), cancellationToken).WaitAsync(cancellationToken);
        return (why is null ? null : new Refusal(ProblemCodes.MirrorKeyUnreadable, $"{BlueGreenSettings.Section}:Mirroring:KeyFile: \"{options.KeyFile}\" {why}."), key);
    }

    private async Task<Refusal?> AuditedAsync(string action, Service service, Refusal? refusal, ServiceOrder order)
    {
        if (refusal is not null)
        {
            await _engine.AuditAsync(order.Caller, action, refusal.Code, [service.Name], refusal.ReleaseId, force: false, order.Reason, refusal.Detail);
        }

        return refusal;
    }

    [LoggerMessage(EventId = 4810, Message = "The mirror of {Service} has ended: {Why}.")]
    private static partial void LogEnded(ILogger logger, LogLevel level, string service, string why);

    [LoggerMessage(4811, LogLevel.Warning, "That mirrors have ended with the gateway could not be written down: {Error}")]
    private static partial void LogNotNoted(ILogger logger, string error);
}

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
    private readonly CurrentOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();

    // One order at a time: what was ordered last is what runs.
    private readonly SemaphoreSlim _turn = new(1, 1);

    public ServiceMirrors(
        CommittedState state, ReleaseEngine engine, MirrorRuns runs, CurrentOptions options, HealthMonitor health, UntilStored untilStored, BackgroundLoops loops, TimeProvider time, ILogger<ServiceMirrors> logger)
    {
        (_state, _engine, _runs, _options, _time) = (state, engine, runs, options, time);
        runs.OnEnded(run =>
        {
            LogEnded(logger, run.End!.IsAlarm ? LogLevel.Warning : LogLevel.Information, run.Order.Service.Name, run.End.Why);
            loops.Start("mirror", () => untilStored.CommitAsync(committed => MirrorOrders.Note(committed, run.Order.Service.Name, run.End), _stop.Token));
        });

        // A standby that was sick when the mirror began is no reason: whoever ordered it could see that.
        health.OnTurnedUnhealthy((service, slot, what) =>
        {
            if (runs.Of(service) is { } run && run.Order.To == slot.Name)
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
            // Before the order is stored: one that can't be carried out changes nothing.
            var (whyNoKey, key) = await ReadKeyAsync(cancellationToken);
            var now = _time.GetUtcNow();
            var decided = await _state.CommitAsync(
                committed => (whyNoKey ?? _engine.WhyClosed(service)) is { } closed
                    ? new(null, new(closed))
                    : MirrorOrders.Begin(committed, service.Name, wanted, _runs.Of(service)?.Settings, order, now),
                cancellationToken);
            if (decided is { Refused: null, Generation: { } generation })
            {
                var run = new MirrorRun(new MirrorOrder(service, generation, decided.From, wanted, order.Caller.Actor, order.Reason, now), key, _time);
                if (_runs.Begin(run) is { } why)
                {
                    decided = new(new Refusal(ProblemCodes.StaleGeneration, $"The mirror of {service.Name} did not begin: {why} at this moment. Look at the service again, then repeat."));
                }
            }

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

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _turn.Dispose();
    }

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
}

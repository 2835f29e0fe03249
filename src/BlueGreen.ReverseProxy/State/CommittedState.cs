using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Routing;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What a decision on the current state comes to.</summary>
/// <param name="Next">The state to commit; null when nothing changes.</param>
/// <param name="Result">What the caller learns.</param>
/// <param name="Published">Runs after the commit and the switch, if there are any, and before any other decision is made.</param>
internal readonly record struct Decision<T>(GatewayState? Next, T Result, Action? Published = null);

/// <summary>
/// The one state, and the one way to change it: decide on the current state, store, publish, acknowledge; one change at a time.
/// Whatever is not stored is never published.
/// </summary>
internal sealed partial class CommittedState : IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly FileStateStore _store;
    private readonly ReleaseHistory _history;
    private readonly AuditJournal _audit;
    private readonly ServiceCatalog _services;
    private readonly RoutingTablePublisher _tables;
    private readonly ImmutableArray<HookOptions> _hooks;
    private readonly ILogger<CommittedState> _logger;
    private GatewayState _current;
    private bool _retired;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CommittedState(
        FileStateStore store,
        ReleaseHistory history,
        AuditJournal audit,
        ServiceCatalog services,
        RoutingTablePublisher tables,
        SlotConfigProvider destinations,
        BlueGreenOptions options,
        ILogger<CommittedState> logger)
    {
        _hooks = options.Hooks;
        _store = store;
        _history = history;
        _audit = audit;
        _services = services;
        _tables = tables;
        _logger = logger;
        _current = Load();
        Loaded = _current;
        destinations.Start(DeployedDestinations());
        Publish(_services.All);
    }

    public GatewayState Current => Volatile.Read(ref _current);

    /// <summary>The state as the last process left it: what runs in it was not started by this one.</summary>
    public GatewayState Loaded { get; }

    public ServiceState this[ServiceEntry service] => Current.Services[service.Name];

    /// <summary>Decides on the current state and commits what was decided.</summary>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<T> CommitAsync<T>(Func<GatewayState, Decision<T>> decide)
    {
        await _writer.WaitAsync();
        try
        {
            if (_retired)
            {
                throw new StateUnavailableException("The gateway is stopping, and another one may have the state already; ask that one.");
            }

            var current = Current;
            var decision = decide(WithoutJournaled(current));
            if (decision.Next is { } next)
            {
                next = HookOutbox.Enqueue(EventNumbers.Assign(next with { Revision = current.Revision + 1 }), after: current.LastEvent, _hooks);

                // The disk may take its time; the callers of other decisions wait on the semaphore without a thread.
                await Task.Run(() => _store.Write(next));
                Take(current, next);
                decision.Published?.Invoke();
                await Task.Run(() => WriteJournals(next));
            }
            else
            {
                decision.Published?.Invoke();
            }

            return decision.Result;
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Writes down something that changed nothing: a refusal.</summary>
    public async Task AuditAsync(Func<long, AuditRecord> entry)
    {
        await _writer.WaitAsync();
        try
        {
            if (_retired)
            {
                // The journal is the successor's.
                return;
            }

            // Not a commit: a refusal must be written down on a disk that takes no commits, and costs none on one that does.
            var current = Current;
            var next = current with { LastAudit = current.LastAudit + 1 };
            Volatile.Write(ref _current, next);
            if (!await Task.Run(() => TryWrite(() => _audit.Append([.. next.JustAudited, entry(next.LastAudit)]))))
            {
                // Not written down, so its number is free again: the journal must have no gap that looks like a removed line.
                Volatile.Write(ref _current, current);
            }
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Gives the state up for another process: nothing is written from now on, and the folder's lock is free.</summary>
    /// <param name="cancellationToken">Ends the wait for a change that is being stored.</param>
    public async Task RetireAsync(CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            _retired = true;
            _store.Release();
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Waits until the state is as asked for.</summary>
    public async Task WaitUntilAsync(Func<GatewayState, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal is taken before the state is read: a change in between completes the signal that is waited for.
            var changed = Volatile.Read(ref _changed);
            if (condition(Current))
            {
                return;
            }

            await changed.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A release, running or ended.</summary>
    public ReleaseState? Find(string releaseId)
    {
        var current = Current;
        return current.Running.Find(release => release.Id == releaseId)
            ?? current.JustEnded.Find(release => release.Id == releaseId)
            ?? _history.NewestFirst.Find(release => release.Id == releaseId);
    }

    /// <summary>All releases that can be asked for, newest first.</summary>
    public IEnumerable<ReleaseState> NewestFirst()
    {
        var current = Current;
        return current.Running
            .Concat(current.JustEnded)
            .Concat(_history.NewestFirst)
            .DistinctBy(release => release.Id, StringComparer.Ordinal)
            .OrderByDescending(release => ReleaseId.NumberOf(release.Id));
    }

    public void Dispose() => _writer.Dispose();

    private void Take(GatewayState current, GatewayState next)
    {
        var moved = _services.All
            .Where(service => current.Services[service.Name].Active != next.Services[service.Name].Active)
            .ToImmutableArray();
        if (!moved.IsEmpty)
        {
            _tables.Switch([.. moved.Select(service => (service, next.Services[service.Name].Active))]);
        }

        Volatile.Write(ref _current, next);
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private void Publish(IEnumerable<ServiceEntry> services) =>
        _tables.Switch([.. services.Select(service => (service, Current.Services[service.Name].Active))]);

    // The state itself carries what the journals are still to get, so a crash between the two loses nothing.
    private void WriteJournals(GatewayState state) => _ = TryWrite(() =>
    {
        _audit.Append(state.JustAudited);
        _history.Append(state.JustEnded);
    });

    private bool TryWrite(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogJournalUnavailable(_logger, exception, _store.Folder);
            return false;
        }
    }

    private GatewayState WithoutJournaled(GatewayState state)
    {
        var history = _history.NewestFirst;
        var last = _audit.LastSequence;
        return state with
        {
            JustAudited = state.JustAudited.RemoveAll(entry => entry.Sequence <= last),
            JustEnded = state.JustEnded.RemoveAll(release => history.Exists(known => known.Id == release.Id)),
        };
    }

    private GatewayState Load()
    {
        var stored = _store.Load();
        _history.Load();
        var state = stored ?? new GatewayState();
        _audit.Load(state.JustAudited is [var carried, ..] ? carried.Sequence - 1 : state.LastAudit);
        foreach (var service in _services.All)
        {
            if (!state.Services.TryGetValue(service.Name, out var known))
            {
                var initial = new ServiceState(service.Options.InitialActive, Generation: 1, RollbackTo: null, RolledBack: false, Blue: null, Green: null);
                state = state with { Services = state.Services.Add(service.Name, initial) };
            }
            else if (known.Active != service.Options.InitialActive)
            {
                LogStoredWins(_logger, service.Name, known.Active.ToText(), service.Options.InitialActive.ToText());
            }
        }

        state = state with { LastAudit = Math.Max(state.LastAudit, _audit.LastSequence) };

        // A hook that is no longer configured has nobody to call.
        state = state with { Outbox = state.Outbox.RemoveAll(delivery => !_hooks.Any(hook => hook.Name == delivery.Hook)) };
        WriteJournals(state);
        if (!_services.All.IsEmpty && (stored is null || !stored.Services.Keys.SequenceEqual(state.Services.Keys)))
        {
            // Stored at once, so that a later change of InitialActive can't move traffic by itself.
            state = state with { Revision = state.Revision + 1 };
            try
            {
                _store.Write(state);
            }
            catch (StateUnavailableException exception)
            {
                LogNotStored(_logger, exception.Message);
            }
        }

        return state;
    }

    private ImmutableDictionary<string, ImmutableSortedDictionary<string, DestinationConfig>> DeployedDestinations()
    {
        var byCluster = SlotDestinations.None.ByCluster.ToBuilder();
        foreach (var service in _services.All)
        {
            foreach (var slot in SlotNames.All)
            {
                if (this[service][slot] is { } deployment)
                {
                    service[slot].DeclaredVersion = deployment.Version;
                    byCluster[service[slot].ClusterId] = deployment.ToDestinations();
                }
            }
        }

        return byCluster.ToImmutable();
    }

    [LoggerMessage(2301, LogLevel.Warning, "Service {Service}: {Active} is active by the stored state; InitialActive {InitialActive} counts only until a state has been stored.")]
    private static partial void LogStoredWins(ILogger logger, string service, string active, string initialActive);

    [LoggerMessage(2302, LogLevel.Error, "The initial state was not stored: {Error}")]
    private static partial void LogNotStored(ILogger logger, string error);

    [LoggerMessage(2303, LogLevel.Critical, "The journals in {Folder} can't be written. What happened is in the state and is written to them as soon as they can be.")]
    private static partial void LogJournalUnavailable(ILogger logger, Exception exception, string folder);
}

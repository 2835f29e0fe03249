using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What a decision on the committed state comes to.</summary>
/// <param name="Change">What to commit; null when nothing changes.</param>
/// <param name="Result">What the caller learns.</param>
internal readonly record struct Decision<T>(StateChange? Change, T Result)
{
    /// <summary>Called when the change is stored and published, before anything else can be committed; never where there is no change, or it could not be stored.</summary>
    public Action? Published { get; init; }
}

/// <summary>
/// The one state, and the one way to change it: decide on the current state, store, publish, acknowledge; one change at a time.
/// Whatever is not stored is never published.
/// </summary>
internal sealed partial class CommittedState : IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly IStateStore _store;
    private readonly CurrentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<CommittedState> _logger;
    private ImmutableArray<Action<GatewayState, GatewayState>> _subscribers = [];
    private Committed _committed;
    private StoreFailure? _failure;
    private bool _retired;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CommittedState(IStateStore store, ServiceCatalog services, CurrentOptions options, ILogger<CommittedState> logger, TimeProvider? time = null)
    {
        _store = store;
        _options = options;
        _logger = logger;
        _time = time ?? TimeProvider.System;
        _committed = Load(services);
    }

    public Committed Snapshot => Volatile.Read(ref _committed);

    public GatewayState Current => Snapshot.State;

    /// <summary>Why the state can't be stored; null after a commit or a check that went well.</summary>
    public StoreFailure? Failure => Volatile.Read(ref _failure);

    /// <summary>Why audit and history are behind; null when they are not. Changes are possible meanwhile, up to a limit.</summary>
    public StoreFailure? JournalFailure => _store.JournalFailure;

    public ServiceState this[Service service] => Current.Services[service.Name];

    /// <summary>
    /// Has every later commit told of, with the state before and the one that is committed: after it is stored, before anybody can
    /// see it and before the next decision. Called in the order of subscription; it must not block.
    /// </summary>
    public void Subscribe(Action<GatewayState, GatewayState> subscriber) => ImmutableInterlocked.Update(ref _subscribers, (all, added) => all.Add(added), subscriber);

    /// <summary>Decides on the current state and commits what was decided.</summary>
    /// <param name="decide">The decision: a pure function.</param>
    /// <param name="cancellationToken">Ends the wait for earlier changes; a change that is being stored is not cancelled.</param>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<T> CommitAsync<T>(Func<Committed, Decision<T>> decide, CancellationToken cancellationToken = default)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            if (_retired)
            {
                throw new StateUnavailableException("The gateway is stopping, and another one may have the state already; ask that one.");
            }

            var before = Snapshot;
            var decision = decide(before);
            if (decision.Change is { } change)
            {
                var next = HookOutbox.Fill(change with { State = change.State with { Revision = before.State.Revision + 1 } }, before.Records.Outbox, _options.Value.Hooks);

                var committed = await StoreAsync(() => _store.CompareAndSet(before.State.Revision, next) ?? throw ChangedByAnother(before.State.Revision));
                Publish(before.State, committed);
                decision.Published?.Invoke();
            }

            return decision.Result;
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Finds out whether a commit could be stored, for <see cref="Failure"/>. Never throws because it could not.</summary>
    /// <param name="cancellationToken">Ends the wait for a change that is being stored.</param>
    /// <remarks>Commits and checks come one after the other, so an earlier check never hides the failure of a later commit.</remarks>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            if (_retired)
            {
                return;
            }

            var revision = Current.Revision;
            await StoreAsync(() => _store.CanStore(revision) ? true : throw ChangedByAnother(revision));
        }
        catch (StateUnavailableException)
        {
            // It is in Failure.
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Writes down something that changed nothing: a refusal.</summary>
    public async Task AuditAsync(AuditRecord entry)
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
            var committed = await Task.Run(() => _store.AppendAudit(entry));

            // Not the store's whole state: where the first one could not be stored yet, the services are here alone.
            var current = Snapshot;
            Volatile.Write(ref _committed, new Committed(current.State with { LastAudit = committed.State.LastAudit }, committed.Records));
        }
        catch (StateUnavailableException exception)
        {
            LogNotAudited(_logger, entry.Action, entry.Actor, entry.Result, exception.Message);
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Gives the state up for another process: nothing is written from now on, and the store is free.</summary>
    /// <param name="cancellationToken">Ends the wait for a change that is being stored.</param>
    public async Task RetireAsync(CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            _retired = true;
            await Task.Run(_store.Release, cancellationToken);
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Waits until the state is as asked for.</summary>
    public Task WaitUntilAsync(Func<GatewayState, bool> condition, CancellationToken cancellationToken) =>
        WaitForAsync(committed => condition(committed.State), cancellationToken);

    /// <summary>Waits until what is committed is as asked for.</summary>
    public async Task WaitForAsync(Func<Committed, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal is taken before the state is read: a change in between completes the signal that is waited for.
            var changed = Volatile.Read(ref _changed);
            if (condition(Snapshot))
            {
                return;
            }

            await changed.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A release, running or ended.</summary>
    public ReleaseState? Find(string releaseId) => Snapshot.Find(releaseId);

    /// <summary>All releases that can be asked for, newest first.</summary>
    public IEnumerable<ReleaseState> NewestFirst() => Snapshot.NewestFirst();

    public void Dispose() => _writer.Dispose();

    // The disk may take its time; the callers of other decisions wait on the semaphore without a thread.
    private async Task<T> StoreAsync<T>(Func<T> store)
    {
        try
        {
            var result = await Task.Run(store, CancellationToken.None);
            if (Failure is not null)
            {
                Volatile.Write(ref _failure, null);
                LogStorable(_logger, _store.Location);
            }

            return result;
        }
        catch (StateUnavailableException exception)
        {
            NoteFailure(exception.Message);
            throw;
        }
    }

    private void NoteFailure(string message)
    {
        if (Failure is null)
        {
            LogNotStorable(_logger, message);
        }

        Volatile.Write(ref _failure, new(message, Failure?.Since ?? _time.GetUtcNow()));
    }

    private StateUnavailableException ChangedByAnother(long revision) => new(
        $"The state in {_store.Location} is no longer revision {revision}: another process has changed it. Find that process, then restart this gateway.");

    // Traffic moves before anybody can read that it has. What is stored stands, whatever a subscriber makes of it.
    private void Publish(GatewayState before, Committed committed)
    {
        foreach (var subscriber in _subscribers)
        {
            try
            {
                subscriber(before, committed.State);
            }
#pragma warning disable CA1031 // A subscriber that fails must keep the others from nothing, and the caller from no acknowledgement.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogSubscriberFailed(_logger, exception, committed.State.Revision);
            }
        }

        Volatile.Write(ref _committed, committed);
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private Committed Load(ServiceCatalog services)
    {
        var stored = _store.Load();
        var before = stored ?? new Committed(new GatewayState(), new RecentRecords());
        var next = before.Change();
        foreach (var service in services.All)
        {
            if (!before.State.Services.TryGetValue(service.Name, out var known))
            {
                next = next.WithService(service.Name, ServiceState.Begin(service.Options.InitialActive));
            }
            else if (known.Active != service.Options.InitialActive)
            {
                LogStoredWins(_logger, service.Name, known.Active.ToText(), service.Options.InitialActive.ToText());
            }
        }

        if (ReferenceEquals(next.State, before.State))
        {
            return before;
        }

        if (stored is null)
        {
            LogBeginsAnew(_logger, _store.Location, string.Join(", ", services.All.Select(service => $"{service.Name} {service.Options.InitialActive.ToText()}")));
        }

        // Stored at once, so that a later change of InitialActive can't move traffic by itself.
        next = next with
        {
            State = next.State with
            {
                Revision = before.State.Revision + 1,
                History = before.State.History.Length > 0 ? before.State.History : StateHistory.New(),
            },
        };
        try
        {
            return _store.CompareAndSet(before.State.Revision, next) ?? throw new StateUnreadableException($"The state in {_store.Location} was changed by another process at this moment.");
        }
        catch (StateUnavailableException exception)
        {
            LogNotStored(_logger, exception.Message);
            NoteFailure(exception.Message);

            // As before, for what was never stored has no revision to build on.
            return before with { State = next.State with { Revision = before.State.Revision } };
        }
    }

    [LoggerMessage(2301, LogLevel.Information, "Service {Service}: {Active} is active by the stored state; InitialActive {InitialActive} counts only until a state has been stored.")]
    private static partial void LogStoredWins(ILogger logger, string service, string active, string initialActive);

    [LoggerMessage(2309, LogLevel.Warning, "There is no state in {Location}, so every service begins with its InitialActive: {Services}. If a gateway has run here before, its state is lost: compare with where traffic went.")]
    private static partial void LogBeginsAnew(ILogger logger, string location, string services);

    [LoggerMessage(2302, LogLevel.Error, "The initial state was not stored: {Error}")]
    private static partial void LogNotStored(ILogger logger, string error);

    [LoggerMessage(2304, LogLevel.Error, "{Action} by {Actor} ({Result}) could not be written to the audit: {Error}")]
    private static partial void LogNotAudited(ILogger logger, string action, string actor, string result, string error);

    [LoggerMessage(2307, LogLevel.Error, "The state can't be stored. Traffic flows; cutovers, rollbacks and deployments are refused until it can: {Error}")]
    private static partial void LogNotStorable(ILogger logger, string error);

    [LoggerMessage(2308, LogLevel.Information, "The state in {Location} can be stored again.")]
    private static partial void LogStorable(ILogger logger, string location);

    [LoggerMessage(2305, LogLevel.Critical, "Revision {Revision} is stored, and following it has failed. Restart the gateway: traffic may not be where the state says.")]
    private static partial void LogSubscriberFailed(ILogger logger, Exception exception, long revision);
}

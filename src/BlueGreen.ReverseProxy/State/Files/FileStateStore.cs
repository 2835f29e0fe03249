using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// The embedded store: one state file, replaced as a whole with every commit, the one before it, and journals beside it. The state
/// file also carries what a commit adds to the journals until they have it on the disk, so one rename commits all of it.
/// </summary>
internal sealed partial class FileStateStore : IStateStore
{
    // From here on the journals are flushed with the commit; before that the state document carries the lines.
    private const int MaxCarried = 64;

    // So many are carried while a journal can't be written; then the state takes no more changes, for it would grow without end.
    private const int MostCarried = 20_000;

    private static readonly TimeSpan LockPollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly ILogger<FileStateStore> _logger;
    private readonly TimeProvider _time;
    private readonly TimeSpan _lockTimeout;
    private readonly Disk _disk;
    private readonly FolderOwnership _owner;
    private readonly StateFile _file;
    private readonly JournalSet _journals;
    private readonly JournalRetention _retention;
    private Committed _committed = new(new GatewayState(), new RecentRecords());
    private StoreFailure? _journalFailure;

    // What was read and is not the newest document yet, as on a disk that can't be written. Nothing else is written before it.
    private OpenedState? _unstored;

    public FileStateStore(BlueGreenOptions options, ILogger<FileStateStore> logger, TimeProvider? time = null, Disk? disk = null)
    {
        _time = time ?? TimeProvider.System;
        _lockTimeout = options.State.LockTimeout;
        _logger = logger;
        Folder = Path.GetFullPath(options.State.Directory);
        _disk = disk ?? Disk.Real;
        _owner = new FolderOwnership(Folder);
        _file = new StateFile(Folder, _disk, logger);
        _journals = new JournalSet(Folder, _disk, _time, logger);
        _retention = new JournalRetention(Folder, options.State, _journals, _disk, _time, logger);
    }

    public string Folder { get; }

    public string Location => Folder;

    public StoreFailure? JournalFailure => Volatile.Read(ref _journalFailure);

    /// <summary>Waits for a folder that another gateway is about to give up, as long as is configured.</summary>
    public async Task WaitForFolderAsync(CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        while (_time.GetElapsedTime(since) < _lockTimeout && _owner.TryTake() == LockResult.HeldByAnother)
        {
            await Task.Delay(LockPollInterval, _time, cancellationToken);
        }
    }

    public Committed? Load()
    {
        // A disk that hangs can't be hurried; whoever waits for the start should know what for.
        var since = _time.GetTimestamp();
        using var slow = _time.CreateTimer(_ => LogSlow(_logger, Folder, _time.GetElapsedTime(since).TotalSeconds), null, SlowAfter, SlowAfter);
        lock (_lock)
        {
            switch (_owner.TryTake())
            {
                case LockResult.HeldByAnother:
                    throw new StateUnreadableException(
                        $"Another gateway uses the state folder {Folder}. Stop it, or give this one a folder of its own in BlueGreen:State:Directory.");
                case LockResult.ReadOnly:
                    // A disk that can't be written must not keep traffic from flowing; switches will say so.
                    LogNotWritable(_logger, Folder);
                    break;
            }

            try
            {
                return Open();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new StateUnreadableException(
                    $"The state folder {Folder} can't be read: {exception.Message} What is stored there may be newer than anything else; make it readable and start again.", exception);
            }
        }
    }

    public Committed? CompareAndSet(long expectedRevision, StateChange change)
    {
        lock (_lock)
        {
            try
            {
                _owner.Demand();
                StoreOpened();
                if (!_file.IsAt(expectedRevision))
                {
                    return null;
                }

                DemandRoom();
                var lines = _journals.Plan(change, _time.GetUtcNow());
                _file.Write(change.State, _journals.Pending.AddRange(lines));
                _journals.Commit(lines);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new StateUnavailableException($"The state can't be written to {Folder}: {exception.Message}", exception);
            }

            _committed = new Committed(change.State, _committed.Records.Apply(WithHashes(change)));
            CopyToJournals();
            return _committed;
        }
    }

    public bool CanStore(long expectedRevision)
    {
        lock (_lock)
        {
            try
            {
                _owner.Demand();
                StoreOpened();
                if (!_file.IsAt(expectedRevision))
                {
                    return false;
                }

                DemandRoom();
                _file.TryWrite(_committed.State, _journals.Pending);
                return true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new StateUnavailableException($"The state can't be written to {Folder}: {exception.Message}", exception);
            }
        }
    }

    public Committed AppendAudit(AuditRecord entry)
    {
        lock (_lock)
        {
            var change = _committed.Change().WithAudit(entry);
            try
            {
                _owner.Demand();
                StoreOpened();
                DemandRoom();
                _journals.AppendNow(_journals.Audit, _journals.Plan(change, _time.GetUtcNow()));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Not written down, so its number is free again: the journal must have no gap that looks like a removed line.
                throw new StateUnavailableException($"The audit can't be written to {Folder}: {exception.Message}", exception);
            }

            return _committed = new Committed(change.State, _committed.Records.Apply(WithHashes(change)));
        }
    }

    /// <summary>Has the journals written to the disk, begins new files where it is time, and removes what is older than asked for.</summary>
    public void Maintain()
    {
        lock (_lock)
        {
            if (!_owner.IsOurs || _unstored is not null)
            {
                return;
            }

            FlushJournals();
            _retention.Apply(_committed);
        }
    }

    public void Release()
    {
        lock (_lock)
        {
            if (_owner.IsOurs)
            {
                FlushJournals();
            }

            _owner.Dispose();
        }
    }

    public void Dispose()
    {
        _owner.Dispose();
        _journals.Dispose();
    }

    private Committed? Open()
    {
        var found = _file.Read();
        var opened = new StateFolderReader(Folder, _journals, _disk, _logger).Read(found);
        if (opened is null)
        {
            return null;
        }

        (_committed, _unstored) = (opened.Committed, opened.MustBeStored ? opened : null);
        try
        {
            if (_unstored is not null)
            {
                _owner.Demand();
                StoreOpened();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or StateUnavailableException)
        {
            LogNotStored(_logger, Folder, exception.Message);
        }

        // Lines that the process before has written and not flushed would be lost with the power; the next line builds on them.
        FlushJournals();
        return _committed;
    }

    // Migrated, or fallen back: what was read from elsewhere becomes the newest document, so that the next start finds one truth.
    private void StoreOpened()
    {
        if (_unstored is not { } opened)
        {
            return;
        }

        if (opened.IsMigrated)
        {
            new FirstFormatFiles(Folder, _disk).Keep();
        }

        if (opened.HasFallenBack)
        {
            _file.WriteOverUnusable(_committed.State, _journals.Pending);
        }
        else
        {
            _file.Write(_committed.State, _journals.Pending);
        }

        if (opened.IsMigrated)
        {
            // The one before, too: a build that can't read this format must refuse to start instead of falling back to what was true before.
            _file.Write(_committed.State, _journals.Pending);
        }

        _unstored = null;
    }

    private void DemandRoom()
    {
        if (_journals.Pending.Count >= MaxCarried)
        {
            FlushJournals();
        }

        if (_journals.Pending.Count >= MostCarried)
        {
            throw new StateUnavailableException($"{Counted.Of(_journals.Pending.Count, "line")} of audit and history can't be written to the journals in {Folder}; see the log. Nothing more is accepted until they can.");
        }
    }

    // The commit stands: what a journal does not take now is in the state document, and is copied with the next one.
    private void CopyToJournals() => TryJournals(_journals.Copy);

    private void FlushJournals() => TryJournals(_journals.Flush);

    private void TryJournals(Action act)
    {
        if (!_owner.IsTaken || _unstored is not null)
        {
            return;
        }

        try
        {
            act();
            if (_journalFailure is not null)
            {
                LogJournalsCaughtUp(_logger, Folder);
                Volatile.Write(ref _journalFailure, null);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (_journalFailure is null)
            {
                LogJournalsBehind(_logger, exception, Folder);
            }

            Volatile.Write(ref _journalFailure, new($"The journals in {Folder} can't be written: {exception.Message}", _journalFailure?.Since ?? _time.GetUtcNow()));
        }
    }

    private StateChange WithHashes(StateChange change) => change with { Audit = _journals.WithHashes(change.Audit) };

    [LoggerMessage(2002, LogLevel.Error, "The state folder {Folder} can't be written. Traffic flows; every cutover, rollback and deployment will be refused with state-unavailable.")]
    private static partial void LogNotWritable(ILogger logger, string folder);

    [LoggerMessage(2004, LogLevel.Error, "The state in {Folder} could not be brought up to date: {Error} Traffic flows; it is tried again with the first change.")]
    private static partial void LogNotStored(ILogger logger, string folder, string error);

    [LoggerMessage(2005, LogLevel.Warning, "Still reading the state folder {Folder} after {Seconds:0} s: its disk does not answer. The gateway serves as soon as it does.")]
    private static partial void LogSlow(ILogger logger, string folder, double seconds);

    [LoggerMessage(2303, LogLevel.Critical, "The journals in {Folder} can't be written. What happened is in the state and is written to them as soon as they can be.")]
    private static partial void LogJournalsBehind(ILogger logger, Exception exception, string folder);

    [LoggerMessage(2306, LogLevel.Information, "The journals in {Folder} can be written again, and have everything.")]
    private static partial void LogJournalsCaughtUp(ILogger logger, string folder);
}

using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State;

/// <summary>The state could not be stored; nothing has changed.</summary>
internal sealed class StateUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The stored state can't be used, and going on without it would send traffic to a slot that nobody chose.</summary>
public sealed class StateUnreadableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public StateUnreadableException(string message)
        : base(message)
    {
    }
}

/// <summary>The embedded store: one state file, replaced as a whole, and the one before it.</summary>
internal sealed partial class FileStateStore : IDisposable
{
    private const string StateName = "state.json";
    private const string PreviousName = "state.previous.json";
    private const string LockName = "state.lock";

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly ILogger<FileStateStore> _logger;
    private readonly string _path;
    private readonly string _previousPath;
    private readonly TimeSpan _lockTimeout;
    private readonly TimeProvider _time;
    private FileStream? _lock;

    public FileStateStore(BlueGreenOptions options, ILogger<FileStateStore> logger, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _lockTimeout = options.State.LockTimeout;
        _logger = logger;
        Folder = Path.GetFullPath(options.State.Directory);
        _path = Path.Combine(Folder, StateName);
        _previousPath = Path.Combine(Folder, PreviousName);
    }

    public string Folder { get; }

    /// <summary>Waits for a folder that another gateway is about to give up, as long as is configured.</summary>
    public async Task WaitForFolderAsync(CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        while (_time.GetElapsedTime(since) < _lockTimeout && !TryTakeFolder(isLast: false))
        {
            await Task.Delay(LookAgain, _time, cancellationToken);
        }
    }

    /// <summary>Takes the folder for this process and reads the last committed state.</summary>
    /// <returns>Null when nothing was ever stored here.</returns>
    /// <exception cref="StateUnreadableException">Something was stored, and none of it can be trusted; or another gateway has the folder.</exception>
    public GatewayState? Load()
    {
        TryTakeFolder(isLast: true);
        if (!File.Exists(_path) && !File.Exists(_previousPath))
        {
            return null;
        }

        var (state, error) = TryRead(_path);
        if (state is not null)
        {
            return state;
        }

        var (previous, previousError) = TryRead(_previousPath);
        if (previous is null)
        {
            throw new StateUnreadableException(
                $"The stored state can't be used: {_path}: {error}; {_previousPath}: {previousError}. "
                + "Restore one of them from a backup, or move both away to start anew with InitialActive of every service.");
        }

        LogFellBack(_logger, _path, error!, previous.Revision, _previousPath);
        KeepForInspection();
        return previous;
    }

    /// <summary>Writes the state; it is on the disk when the call returns.</summary>
    /// <exception cref="StateUnavailableException">Not written; what was stored before still is.</exception>
    public void Write(GatewayState state)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            DurableFile.Replace(_path, _previousPath, StateDocument.Write(state));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StateUnavailableException($"The state can't be written to {Folder}: {exception.Message}", exception);
        }
    }

    /// <summary>Lets another gateway have the folder.</summary>
    public void Release() => _lock?.Dispose();

    public void Dispose() => Release();

    // The lock is the operating system's, so it ends with the process however that ends.
    private bool TryTakeFolder(bool isLast)
    {
        if (_lock is not null)
        {
            return true;
        }

        try
        {
            Directory.CreateDirectory(Folder);
            _lock = new FileStream(Path.Combine(Folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException exception) when (IsHeldByAnother(exception))
        {
            if (!isLast)
            {
                return false;
            }

            throw new StateUnreadableException(
                $"Another gateway uses the state folder {Folder}. Stop it, or give this one a folder of its own in BlueGreen:State:Directory.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A disk that can't be written must not keep traffic from flowing; switches will say so.
            LogNotWritable(_logger, Folder, exception.Message);
            return true;
        }
    }

    // EWOULDBLOCK on Linux and on macOS, ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeldByAnother(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static (GatewayState? State, string? Error) TryRead(string path)
    {
        try
        {
            return (StateDocument.Read(File.ReadAllBytes(path)), null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return (null, exception.Message);
        }
    }

    private void KeepForInspection()
    {
        try
        {
            if (File.Exists(_path))
            {
                File.Move(_path, _path + ".corrupt", overwrite: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotWritable(_logger, Folder, exception.Message);
        }
    }

    [LoggerMessage(2001, LogLevel.Critical, "The stored state {Path} can't be used ({Error}). Going on with revision {Revision} from {PreviousPath}: a change that was acknowledged after it may be lost. The unusable file is kept as .corrupt.")]
    private static partial void LogFellBack(ILogger logger, string path, string error, long revision, string previousPath);

    [LoggerMessage(2002, LogLevel.Error, "The state folder {Folder} can't be written ({Error}). Traffic flows; every cutover, rollback and deployment will be refused with state-unavailable.")]
    private static partial void LogNotWritable(ILogger logger, string folder, string error);
}

using System.Globalization;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>What came of trying to lock a folder.</summary>
internal enum LockResult
{
    /// <summary>This process has it.</summary>
    Taken,

    /// <summary>Another process has it.</summary>
    HeldByAnother,

    /// <summary>The folder can't be written; nobody else can have it either as long as that is so.</summary>
    ReadOnly,
}

/// <summary>
/// Keeps a second gateway out of the state folder. The lock is the operating system's, so it ends with the process however that
/// ends. A second file names the owner: it tells this process when the folder was removed or replaced under it, and an operator
/// which process has the folder.
/// </summary>
internal sealed class FolderLock(string folder) : IDisposable
{
    private const string Name = "state.lock";
    private const string OwnerName = "state.owner";

    private readonly string _path = Path.Combine(folder, Name);
    private readonly string _ownerPath = Path.Combine(folder, OwnerName);
    private readonly string _token = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {StateHistory.New()}{StateHistory.New()}\n");
    private FileStream? _file;

    public bool IsTaken => _file is not null;

    /// <summary>Tries to take the lock.</summary>
    /// <exception cref="UnauthorizedAccessException">The lock file is there, and this process may not open it.</exception>
    public LockResult TryTake()
    {
        if (_file is not null)
        {
            return LockResult.Taken;
        }

        FileStream? file = null;
        try
        {
            Directory.CreateDirectory(folder);
            file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            File.WriteAllText(_ownerPath, _token);
            _file = file;
            return LockResult.Taken;
        }
        catch (IOException exception) when (IsHeldByAnother(exception))
        {
            return LockResult.HeldByAnother;
        }
        catch (IOException)
        {
            // Locked, and the disk is full: the owner can't be named, and nothing else can be written either. Or not even locked.
            return LockResult.ReadOnly;
        }
        catch (UnauthorizedAccessException) when (!File.Exists(_path))
        {
            return LockResult.ReadOnly;
        }
        catch (UnauthorizedAccessException) when (IsOnReadOnlyMount())
        {
            return LockResult.ReadOnly;
        }
        finally
        {
            if (_file is null)
            {
                file?.Dispose();
            }
        }
    }

    /// <summary>Whether the folder is still the one that this process has locked: it may have been removed or replaced.</summary>
    public bool IsStillOurs()
    {
        try
        {
            return File.Exists(_path) && File.ReadAllText(_ownerPath) == _token;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    // EWOULDBLOCK on Linux and on macOS, ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeldByAnother(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);

    // .NET says "access denied" for a read-only file system as well as for missing permissions.
    private bool IsOnReadOnlyMount()
    {
        try
        {
            using var probe = new FileStream(Path.Combine(folder, "state.probe"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}

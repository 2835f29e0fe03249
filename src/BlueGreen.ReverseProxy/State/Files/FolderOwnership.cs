namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Whether this process may write the state folder, and what to tell an operator when it may not.</summary>
internal sealed class FolderOwnership(string folder) : IDisposable
{
    private readonly FolderLock _lock = new(folder);

    public bool IsTaken => _lock.IsTaken;

    /// <summary>Whether this process has the folder, and the folder is still the one that was locked.</summary>
    public bool IsOurs => _lock.IsTaken && _lock.IsStillOurs();

    /// <exception cref="StateUnreadableException">The lock file can't be opened, so nobody knows who has the folder.</exception>
    public LockResult TryTake()
    {
        try
        {
            return _lock.TryTake();
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new StateUnreadableException(
                $"The lock of the state folder {folder} can't be opened, so nobody knows whether another gateway uses the folder: {exception.Message} Let this process's user write it.", exception);
        }
    }

    /// <summary>Call this before each write. The folder is locked now if it could not be at the start, as on a disk that was read-only.</summary>
    /// <exception cref="StateUnavailableException">This process must not write the folder.</exception>
    public void Demand()
    {
        var isNew = !_lock.IsTaken;
        if (isNew && TryTakeForWriting() is { } reason)
        {
            throw new StateUnavailableException($"The state can't be written to {folder}: {reason}");
        }

        if (!isNew && !_lock.IsStillOurs())
        {
            throw new StateUnavailableException(
                $"The state folder {folder} was removed or replaced while the gateway runs, so another gateway may use what is there now. Put it back. If it is lost, note which slots are active (GET /v1/services) before you restart this gateway: without it, every service begins with its InitialActive.");
        }
    }

    public void Dispose() => _lock.Dispose();

    private string? TryTakeForWriting()
    {
        try
        {
            return _lock.TryTake() switch
            {
                LockResult.Taken => null,
                LockResult.HeldByAnother => "another gateway has the folder by now.",
                _ => "the folder can't be written.",
            };
        }
        catch (UnauthorizedAccessException exception)
        {
            return exception.Message;
        }
    }
}

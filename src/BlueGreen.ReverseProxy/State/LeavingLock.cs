using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State;

/// <summary>The file <c>leaving.lock</c> beside the state: a process that has released the state and still drains its requests holds it, shared.</summary>
/// <remarks>
/// A successor counts its own requests only. Before it says that nothing is in flight anywhere, it asks whether such a process is there. The
/// lock is the operating system's, so it ends with the process however that ends. It is taken before the state is released, so a successor,
/// which needs the state, finds it.
/// </remarks>
internal sealed partial class LeavingLock(BlueGreenOptions options, ILogger<LeavingLock> logger) : IDisposable
{
    private const string Name = "leaving.lock";

    private readonly string _path = Path.Combine(Path.GetFullPath(options.State.Directory), Name);
    private FileStream? _own;

    /// <summary>This process leaves: held until it ends.</summary>
    public void Take()
    {
        try
        {
            // Any mode of sharing but none takes the lock shared: several processes may be leaving at once.
            _own ??= new FileStream(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotTaken(logger, _path, exception.Message);
        }
    }

    /// <summary>Whether another process still drains. May block as long as the disk does.</summary>
    public bool IsAnotherLeaving()
    {
        try
        {
            using var alone = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            return false;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Held, or not to be found out: "nobody is there" would be a guess.
            return true;
        }
    }

    public void Dispose() => _own?.Dispose();

    [LoggerMessage(2321, LogLevel.Warning, "{Path} can't be locked ({Error}): a successor does not see that this process still drains, and might call a switch exclusive that is not.")]
    private static partial void LogNotTaken(ILogger logger, string path, string error);
}

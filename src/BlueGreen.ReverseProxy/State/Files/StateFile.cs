using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>What was found under the names of the state file.</summary>
/// <param name="Content">The newest content that can be trusted; null when there is none and never was.</param>
/// <param name="LostNewest">Why the newest file could not be used; null when it could, or when there was none.</param>
/// <param name="IsNewestMissing">Whether only the one before was there.</param>
internal sealed record FoundState(StateContent? Content, string? LostNewest, bool IsNewestMissing);

/// <summary>The state file and the one before it.</summary>
internal sealed partial class StateFile(string folder, Disk disk, ILogger logger)
{
    private const string Name = "state.json";
    private const string PreviousName = "state.previous.json";

    // More than any header has.
    private const int HeaderBytes = 1024;

    private readonly string _previousPath = System.IO.Path.Combine(folder, PreviousName);

    public string Path { get; } = System.IO.Path.Combine(folder, Name);

    /// <summary>Reads what is stored.</summary>
    /// <exception cref="StateUnreadableException">Something is stored, and none of it can be trusted, or a newer build wrote it.</exception>
    /// <exception cref="IOException">The disk does not give it: that says nothing about what is on it.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public FoundState Read()
    {
        var (hasNewest, hasPrevious) = (File.Exists(Path), File.Exists(_previousPath));
        if (!hasNewest && !hasPrevious)
        {
            return new(null, null, IsNewestMissing: false);
        }

        var (newest, error) = hasNewest ? TryRead(Path) : (null, "it is missing");
        if (newest is not null)
        {
            return new(newest, null, IsNewestMissing: false);
        }

        var (previous, previousError) = hasPrevious ? TryRead(_previousPath) : (null, "it is missing");
        if (previous is null)
        {
            throw new StateUnreadableException(
                $"The stored state can't be used: {Path}: {error}; {_previousPath}: {previousError}. "
                + "Restore one of them from a backup, or move the whole folder away to start anew with InitialActive of every service.");
        }

        LogFellBack(logger, Path, error!, previous.State.Revision, _previousPath);
        KeepForInspection();
        return new(previous, hasNewest ? error : null, !hasNewest);
    }

    /// <summary>Whether the stored revision is this one; 0 for nothing stored.</summary>
    public bool IsAt(long revision)
    {
        if (!File.Exists(Path))
        {
            // Nothing stored yet, or what was has been taken away: this process knows it, and has the folder's lock.
            return true;
        }

        try
        {
            Span<byte> start = stackalloc byte[HeaderBytes];
            using var file = File.OpenHandle(Path);
            var length = RandomAccess.Read(file, start, 0);
            return StateDocument.ReadHeader(start[..length], out _).Revision == revision;
        }
        catch (InvalidDataException)
        {
            // Damaged while the gateway runs. What is in memory is better.
            return true;
        }
    }

    /// <summary>Writes the state; it is on the disk when the call returns.</summary>
    public void Write(GatewayState state, ImmutableList<CarriedLine> pending) =>
        DurableFile.Replace(Path, _previousPath, StateDocument.Write(state, [.. pending.Select(line => line.ToPending())]), mode: null, disk);

    private static (StateContent? Content, string? Error) TryRead(string path)
    {
        try
        {
            return (StateDocument.Read(File.ReadAllBytes(path)), null);
        }
        catch (InvalidDataException exception)
        {
            return (null, exception.Message);
        }
        catch (NewerFormatException exception)
        {
            // To go back to the file before would undo what the newer build has acknowledged.
            throw new StateUnreadableException(
                $"{path} can't be used by this build: {exception.Message}. Start the newer build, or have it export the state (`bluegreen state export`).", exception);
        }
    }

    private void KeepForInspection()
    {
        try
        {
            if (File.Exists(Path))
            {
                File.Move(Path, Path + ".corrupt", overwrite: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotKept(logger, Path, exception.Message);
        }
    }

    [LoggerMessage(2001, LogLevel.Critical, "The stored state {Path} can't be used ({Error}). Going on with revision {Revision} from {PreviousPath}: a change that was acknowledged after it may be lost. The unusable file is kept as .corrupt.")]
    private static partial void LogFellBack(ILogger logger, string path, string error, long revision, string previousPath);

    [LoggerMessage(2003, LogLevel.Error, "The unusable state {Path} could not be kept: {Error}")]
    private static partial void LogNotKept(ILogger logger, string path, string error);
}

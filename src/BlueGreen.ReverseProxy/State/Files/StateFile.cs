using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>What was found under the names of the state file.</summary>
/// <param name="Content">The newest content that can be trusted; null when there is none and never was.</param>
/// <param name="LostNewest">Why the newest file could not be used; null when it could, or when there was none.</param>
/// <param name="IsNewestMissing">Whether only the one before was there.</param>
/// <param name="IsPreviousOutdated">Whether the one before has an earlier format, which an earlier build would fall back to.</param>
internal sealed record FoundState(StateContent? Content, string? LostNewest, bool IsNewestMissing, bool IsPreviousOutdated = false)
{
    /// <summary>Whether the content is that of the file before.</summary>
    public bool HasFallenBack => LostNewest is not null || IsNewestMissing;

    /// <summary>The header of the content's file.</summary>
    public StateHeader? Header => Content?.Header;
}

/// <summary>The state file and the one before it.</summary>
internal sealed partial class StateFile(string folder, Disk disk, ILogger logger)
{
    private const string Name = "state.json";
    private const string PreviousName = "state.previous.json";

    private const string Missing = "it is missing";

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
        var (newest, error) = TryRead(Path);
        if (newest is not null)
        {
            return new(newest, null, IsNewestMissing: false, IsPreviousOutdated: FormatOf(_previousPath) < StateDocument.Format);
        }

        var (previous, previousError) = TryRead(_previousPath);
        if ((previous, error, previousError) is (null, Missing, Missing))
        {
            return new(null, null, IsNewestMissing: false);
        }

        if (previous is null)
        {
            throw new StateUnreadableException(
                $"The stored state can't be used: {Path}: {error}; {_previousPath}: {previousError}. "
                + "Restore one of them from a backup, or move the whole folder away to start anew with InitialActive of every service.");
        }

        return new(previous, error == Missing ? null : error, error == Missing);
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
            return ReadHeader(Path).Revision == revision;
        }
        catch (InvalidDataException)
        {
            // Damaged while the gateway runs. What is in memory is better.
            return true;
        }
    }

    /// <summary>Writes the state; it is on the disk when the call returns. The one that was there becomes the one before.</summary>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public void Write(GatewayState state, ImmutableList<CarriedLine> pending) =>
        DurableFile.Replace(Path, _previousPath, Document(state, pending), mode: null, disk);

    /// <summary>Writes the state beside the one that is there, and takes it away again: whether there is room and the folder takes it.</summary>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public void TryWrite(GatewayState state, ImmutableList<CarriedLine> pending) => DurableFile.Try(Path, Document(state, pending), disk);

    /// <summary>Writes the state over one that can't be used. The one before, which it was made of, stays: a crash finds one of the two.</summary>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public void WriteOverUnusable(GatewayState state, ImmutableList<CarriedLine> pending)
    {
        KeepForInspection();
        DurableFile.Replace(Path, previousPath: null, Document(state, pending), mode: null, disk);
    }

    private static byte[] Document(GatewayState state, ImmutableList<CarriedLine> pending) => StateDocument.Write(state, [.. pending.Select(line => line.ToPending())]);

    private (StateContent? Content, string? Error) TryRead(string path)
    {
        try
        {
            // Not "does it exist?": that says no as well for what may not be looked at.
            return (StateDocument.Read(disk.Read(path)), null);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, Missing);
        }
        catch (InvalidDataException exception)
        {
            return (null, exception.Message);
        }
        catch (OtherBuildException exception)
        {
            // To go back to the file before would undo what the other build has acknowledged.
            throw new StateUnreadableException(
                $"{path} can't be used by this build: {exception.Message}. Start the build that wrote it, or have that one export the state (`bluegreen state export`).", exception);
        }
    }

    private static int? FormatOf(string path)
    {
        try
        {
            return File.Exists(path) ? ReadHeader(path).Format : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static StateHeader ReadHeader(string path)
    {
        Span<byte> start = stackalloc byte[HeaderBytes];
        using var file = File.OpenHandle(path);
        var length = RandomAccess.Read(file, start, 0);
        return StateDocument.ReadHeader(start[..length], out _);
    }

    private void KeepForInspection()
    {
        try
        {
            if (File.Exists(Path))
            {
                File.Copy(Path, Path + ".corrupt", overwrite: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotKept(logger, Path, exception.Message);
        }
    }

    [LoggerMessage(2003, LogLevel.Error, "The unusable state {Path} could not be kept: {Error}")]
    private static partial void LogNotKept(ILogger logger, string path, string error);
}

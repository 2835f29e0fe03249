using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// A file of JSON lines that only grows, in parts of bounded size. What is appended is on the disk once <see cref="Flush"/> has
/// returned; until then the state document carries it as well. One caller at a time.
/// </summary>
internal sealed partial class Journal(string folder, string name, Disk disk, TimeProvider time, ILogger logger) : IDisposable
{
    private const byte LineFeed = (byte)'\n';

    private SafeFileHandle? _file;
    private long _length;
    private bool _isTorn;

    // Written by a process before this one, which may not have flushed it.
    private bool _mustFlush;

    // The file is new, and its entry in the folder is not flushed.
    private bool _isNew;

    // A flush has failed: the file's content is unknown, and another flush would say "done" without doing it.
    private bool _isSpoiled;
    private long _first;
    private DateTimeOffset _since;
    private long _flushed;

    public string Name => name;

    public JournalFiles Files { get; } = new(folder, name);

    /// <summary>The number of the newest line; 0 for none.</summary>
    public long Last { get; private set; }

    /// <summary>The hash of the newest line, as it was read or appended.</summary>
    public string LastHash { get; private set; } = JournalLine.NoLine;

    /// <summary>The highest revision of the lines that were read at the start.</summary>
    public long HighestRevision { get; private set; }

    /// <summary>How long the current file is, in bytes.</summary>
    public long Length => _length;

    /// <summary>For how long the current file has been written to.</summary>
    public TimeSpan Age => _length == 0 ? TimeSpan.Zero : time.GetUtcNow() - _since;

    /// <summary>Cuts off a line that a crash or a full disk left unfinished, and reads the newest lines.</summary>
    /// <param name="most">How many are wanted. Lines before those are not looked at, so that a start does not take longer the more there are.</param>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file can't be read.</exception>
    public ImmutableArray<JournalLine> Open(int most)
    {
        var lines = File.Exists(Files.Current) ? OpenCurrent(most) : [];
        Note(lines);
        foreach (var path in Files.Closed.Reverse())
        {
            if (lines.Count >= most && Last > 0)
            {
                break;
            }

            var earlier = Parse(path, JournalFiles.ReadLines(path, disk).Lines, most - lines.Count);
            Note(earlier);
            lines.InsertRange(0, earlier);
        }

        _flushed = Last;
        _mustFlush = _length > 0;
        return [.. lines.DistinctBy(line => line.Number).OrderBy(line => line.Number)];
    }

    /// <summary>Has lines from this one on appended again should the first flush fail: the process before may have left them unflushed.</summary>
    public void DistrustFrom(long number) => _flushed = Math.Min(_flushed, number - 1);

    /// <summary>Adds the lines that are not there yet.</summary>
    /// <exception cref="IOException">Not written; nothing of it is there.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public void Append(IReadOnlyCollection<JournalLine> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        if (_isSpoiled)
        {
            Close();
        }

        NoteLoss();
        var added = lines.Where(line => line.Number > Last).ToList();
        if (added.Count == 0)
        {
            return;
        }

        using var buffer = new MemoryStream();
        foreach (var line in added)
        {
            buffer.Write(line.Utf8);
            buffer.WriteByte(LineFeed);
        }

        Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        if (_length == 0)
        {
            (_first, _since) = (added[0].Number, added[0].At);
        }

        _length += buffer.Length;
        (Last, LastHash) = (added[^1].Number, added[^1].Hash);
    }

    /// <summary>Has everything that was appended written to the disk.</summary>
    /// <exception cref="IOException">
    /// Not written. The file is closed for good, for its content is unknown; what was appended since the last flush has to be
    /// appended again and goes to a new file.
    /// </exception>
    public void Flush()
    {
        if (_length == 0 || (_flushed == Last && !_mustFlush))
        {
            _flushed = Last;
            return;
        }

        try
        {
            disk.Flush(Opened(), Files.Current);
            if (_isNew)
            {
                disk.FlushFolder(folder);
            }
        }
        catch (IOException)
        {
            (_isSpoiled, _mustFlush) = (true, false);
            Last = _flushed;
            _file?.Dispose();
            _file = null;
            throw;
        }

        (_flushed, _mustFlush, _isNew) = (Last, false, false);
    }

    /// <summary>Closes the current file under its own name; the next line begins a new one. Everything was flushed before.</summary>
    /// <returns>The closed file; null when there was nothing to close.</returns>
    /// <exception cref="IOException">Not closed, or closed and its new name may not be on the disk.</exception>
    /// <exception cref="UnauthorizedAccessException">Not closed.</exception>
    public string? Close()
    {
        if (_length == 0 || !File.Exists(Files.Current))
        {
            BeginNew();
            return null;
        }

        if (_isTorn && !_isSpoiled)
        {
            Cut(Opened());
        }

        var closed = Files.FreeClosedPath(_first);
        disk.Rename(Files.Current, closed);
        BeginNew();
        disk.FlushFolder(folder);
        return closed;
    }

    public void Dispose() => _file?.Dispose();

    private void Write(ReadOnlySpan<byte> bytes)
    {
        var file = Opened();
        if (_isTorn)
        {
            Cut(file);
        }

        try
        {
            disk.Write(file, bytes, _length);
        }
        catch (IOException)
        {
            // A part of it may be there. If it can't be cut off now, it is before the next line is written, or at the next start.
            _isTorn = true;
            TryCut(file);
            throw;
        }
    }

    private SafeFileHandle Opened()
    {
        _isNew |= _file is null && _length == 0;
        return _file ??= File.OpenHandle(Files.Current, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
    }

    // Somebody has moved, removed or emptied the file, a log rotation for instance. To go on at the old place would leave a hole.
    private void NoteLoss()
    {
        var file = new FileInfo(Files.Current);
        if (_length == 0 || (file.Exists && file.Length >= _length))
        {
            return;
        }

        LogVanished(logger, Files.Current);
        Last = Math.Min(Last, _flushed);
        if (file is { Exists: true, Length: > 0 })
        {
            (_length, _isTorn) = (file.Length, false);
            Close();
            return;
        }

        BeginNew();
    }

    private void BeginNew()
    {
        _file?.Dispose();
        _file = null;
        (_length, _isTorn, _isSpoiled, _mustFlush) = (0, false, false, false);
    }

    private void Cut(SafeFileHandle file)
    {
        disk.Truncate(file, _length);
        _isTorn = false;
    }

    private void TryCut(SafeFileHandle file)
    {
        try
        {
            Cut(file);
        }
        catch (IOException exception)
        {
            LogTorn(logger, exception, Files.Current);
        }
    }

    private List<JournalLine> OpenCurrent(int most)
    {
        var (raw, complete, length) = JournalFiles.ReadLines(Files.Current, disk);
        var lines = Parse(Files.Current, raw, most);
        _length = complete;
        if (complete < length)
        {
            LogCut(logger, Files.Current, length - complete);
            _isTorn = true;
        }

        if (raw.Select(JournalLine.TryParse).FirstOrDefault(line => line is not null) is { } first)
        {
            (_first, _since) = (first.Number, first.At);
        }

        return lines;
    }

    // From the end, until there are enough. One at least: it says where the journal goes on.
    private List<JournalLine> Parse(string path, List<byte[]> raw, int most)
    {
        var lines = new List<JournalLine>();
        for (var index = raw.Count - 1; index >= 0 && lines.Count < Math.Max(most, 1); index--)
        {
            if (JournalLine.TryParse(raw[index]) is { } line)
            {
                lines.Add(line);
            }
            else
            {
                LogUnreadable(logger, path, index + 1);
            }
        }

        lines.Reverse();
        return lines;
    }

    private void Note(List<JournalLine> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        HighestRevision = Math.Max(HighestRevision, lines.Max(line => line.Revision));
        if (lines.MaxBy(line => line.Number) is { } newest && newest.Number > Last)
        {
            (Last, LastHash) = (newest.Number, newest.Hash);
        }
    }

    [LoggerMessage(2205, LogLevel.Warning, "An unfinished line at the end of {Path} is cut off (bytes: {Bytes}): a crash or a full disk left it. Nothing that was acknowledged is in it.")]
    private static partial void LogCut(ILogger logger, string path, long bytes);

    [LoggerMessage(2206, LogLevel.Error, "A part of a line may be left at the end of {Path}; it is cut off before the next one is written.")]
    private static partial void LogTorn(ILogger logger, Exception exception, string path);

    [LoggerMessage(2207, LogLevel.Critical, "{Path} was moved, removed or cut off while the gateway runs. A new one is begun; what is not elsewhere is lost. Exclude the state folder from log rotation and cleaning.")]
    private static partial void LogVanished(ILogger logger, string path);

    [LoggerMessage(2208, LogLevel.Critical, "{Path}: line {Line} can't be read: it was changed, or another build wrote it.")]
    private static partial void LogUnreadable(ILogger logger, string path, int line);
}

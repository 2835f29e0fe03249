using System.Globalization;
using System.Security.Cryptography;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>A closed file of a journal, as it is on the disk.</summary>
internal sealed record ClosedFile(string Sha256, long First, long Last, string LastHash);

/// <summary>One journal, file by file.</summary>
internal sealed class JournalCheck(string name, FolderReport report, bool mayHaveGaps, Action<JournalLine> read, Dictionary<long, string>? anchors = null)
{
    // Of the newest two files: what is copied again after a failed flush is not older.
    private Dictionary<long, string> _hashes = [];
    private Dictionary<long, string> _earlierHashes = [];
    private JournalLine? _last;

    public string Name => name;

    public long Last => _last?.Number ?? 0;

    public long HighestRevision { get; private set; }

    /// <summary>Where the first line follows something that is not here; null where all is well.</summary>
    public FolderFinding? Unanchored { get; private set; }

    public Dictionary<string, ClosedFile> Closed { get; } = new(StringComparer.Ordinal);

    public void Check(string path, bool isClosed)
    {
        var file = Path.GetFileName(path);
        byte[] bytes;
        try
        {
            bytes = Disk.Real.Read(path);
        }
        catch (FileNotFoundException)
        {
            report.Note($"{file} was removed while it was checked; a gateway does that.");
            return;
        }

        (_earlierHashes, _hashes) = (_hashes, []);
        var (raw, complete, length) = JournalFiles.Split(bytes);
        var lines = new List<JournalLine>();
        for (var index = 0; index < raw.Count; index++)
        {
            if (JournalLine.TryParse(raw[index]) is { } line)
            {
                lines.Add(line);
                CheckRecord(file, index + 1, line);
                Follow(file, index + 1, line);
            }
            else
            {
                report.Find(file, index + 1, "it is no line of a journal");
            }
        }

        if (complete < length)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{Counted.Of(length - complete, "byte")} of an unfinished line {(length - complete == 1 ? "is" : "are")} at its end");
            if (isClosed)
            {
                report.Find(file, raw.Count + 1, text);
            }
            else
            {
                report.Note($"{file}: {text}; a crash left them, or a gateway is writing. They are cut off before the next line.");
            }
        }

        if (isClosed && lines.Count > 0)
        {
            Closed[file] = new(Convert.ToHexStringLower(SHA256.HashData(bytes)), lines[0].Number, lines[^1].Number, lines[^1].Hash);
        }

        report.CountFile(raw.Count);
    }

    /// <summary>Judges a line by those before it.</summary>
    public void Follow(string file, int? place, JournalLine line)
    {
        HighestRevision = Math.Max(HighestRevision, line.Revision);
        if (_last is not null && line.Number <= _last.Number)
        {
            if ((_hashes.GetValueOrDefault(line.Number) ?? _earlierHashes.GetValueOrDefault(line.Number)) != line.Hash)
            {
                report.Find(file, place, string.Create(CultureInfo.InvariantCulture, $"number {line.Number} is there already, with another content"));
            }

            return;
        }

        if (_last is null)
        {
            CheckFirst(file, place, line);
        }
        else if (!mayHaveGaps && line.Number != _last.Number + 1)
        {
            report.Find(file, place, string.Create(CultureInfo.InvariantCulture, $"number {line.Number} follows number {_last.Number}: what was between them is missing"));
        }
        else if (anchors is not null && line.Previous != _last.Hash)
        {
            report.Find(file, place, string.Create(CultureInfo.InvariantCulture, $"number {line.Number} does not follow from the line before: one of the two was changed"));
        }

        (_last, _hashes[line.Number]) = (line, line.Hash);
    }

    private void CheckFirst(string file, int? place, JournalLine line)
    {
        if (anchors is null)
        {
            return;
        }

        var expected = line.Number == 1 ? JournalLine.NoLine : anchors.GetValueOrDefault(line.Number - 1);
        if (expected is null)
        {
            Unanchored = new(file, place, string.Create(CultureInfo.InvariantCulture, $"it begins with number {line.Number}, and nothing here says what that follows"));
        }
        else if (expected != line.Previous)
        {
            report.Find(file, place, string.Create(CultureInfo.InvariantCulture, $"number {line.Number} does not follow from number {line.Number - 1}, whose hash is known"));
        }
    }

    private void CheckRecord(string file, int place, JournalLine line)
    {
        try
        {
            read(line);
        }
        catch (InvalidDataException exception)
        {
            report.Find(file, place, exception.Message);
        }
    }
}

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// The files of the first format. Journals of the second one have the same names, so these are kept under names of their own, as
/// they are; every step can be repeated after a crash.
/// </summary>
internal sealed class FirstFormatFiles(string folder, Disk disk)
{
    private static readonly string[] Journals = ["audit", "releases"];

    /// <summary>The lines of a journal, wherever it is by now.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be read.</exception>
    public List<byte[]> Lines(string journal)
    {
        var path = new[] { Current(journal, "jsonl"), Kept(journal, "jsonl") }.FirstOrDefault(File.Exists);
        return path is null ? [] : JournalFiles.ReadLines(path, disk).Lines;
    }

    /// <summary>Whether a journal file is of a later format.</summary>
    public bool IsLater(string path) => JournalFiles.ReadLines(path, disk).Lines.FirstOrDefault() is { } line && JournalLine.TryParse(line) is not null;

    /// <summary>Where a journal is kept.</summary>
    public static string KeptJournal(string folder, string journal) => Path.Combine(folder, journal + ".v1.jsonl");

    /// <exception cref="IOException">Not all of them are kept yet.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Keep()
    {
        KeepState("state", evenAgain: true);

        // Once only: after the first step of the migration the name leads to a copy of what the other one led to.
        KeepState("state.previous", evenAgain: false);

        foreach (var name in Journals.Where(name => File.Exists(Current(name, "jsonl"))))
        {
            var kept = Kept(name, "jsonl");
            if (File.Exists(kept))
            {
                // An earlier migration has left it; somebody went back to the earlier build since.
                disk.Rename(kept, FreeName(name));
            }

            disk.Rename(Current(name, "jsonl"), kept);
        }
    }

    private void KeepState(string name, bool evenAgain)
    {
        var (path, kept) = (Current(name, "json"), Kept(name, "json"));
        if (File.Exists(path) && (evenAgain || !File.Exists(kept)) && disk.Read(path) is var bytes && IsFirstFormat(bytes))
        {
            DurableFile.Replace(kept, previousPath: null, bytes, mode: null, disk);
        }
    }

    private static bool IsFirstFormat(byte[] state)
    {
        try
        {
            return StateDocument.ReadHeader(state, out _).Format == FormatOne.Format;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private string Current(string name, string extension) => Path.Combine(folder, $"{name}.{extension}");

    private string Kept(string name, string extension) => Path.Combine(folder, $"{name}.v1.{extension}");

    private string FreeName(string journal) =>
        Enumerable.Range(2, int.MaxValue - 2).Select(number => Path.Combine(folder, $"{journal}.v1.{number}.jsonl")).First(path => !File.Exists(path));
}

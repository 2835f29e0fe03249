namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Something in a state folder that is not as a gateway leaves it.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Line">The line in it; null for the file as a whole.</param>
/// <param name="Text">What is wrong.</param>
internal sealed record FolderFinding(string File, int? Line, string Text);

/// <summary>What a check of a state folder has found.</summary>
internal sealed class FolderReport
{
    private readonly List<FolderFinding> _findings = [];
    private readonly List<string> _notes = [];

    /// <summary>What is wrong, in the order of the files.</summary>
    public IReadOnlyList<FolderFinding> Findings => _findings;

    /// <summary>What is worth knowing and not wrong.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public int Files { get; private set; }

    public long Lines { get; private set; }

    public long? Revision { get; set; }

    public void Find(string file, int? line, string text) => _findings.Add(new(file, line, text));

    public void Note(string text) => _notes.Add(text);

    public void Note(IEnumerable<string> texts) => _notes.AddRange(texts);

    public void CountFile(int lines)
    {
        Files++;
        Lines += lines;
    }
}

using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// The files of one journal: <c>audit.jsonl</c>, which is written to, and closed ones before it, named after their first line:
/// <c>audit.0000000001.jsonl</c>.
/// </summary>
internal sealed class JournalFiles(string folder, string name)
{
    private const byte LineFeed = (byte)'\n';

    public string Current { get; } = Path.Combine(folder, name + ".jsonl");

    /// <summary>The closed files, oldest first.</summary>
    public ImmutableArray<string> Closed => !Directory.Exists(folder) ? [] :
    [
        .. Directory.EnumerateFiles(folder, name + ".*.jsonl")
            .Where(path => FirstOf(path) is not null)
            .OrderBy(path => path, StringComparer.Ordinal),
    ];

    /// <summary>All of them, oldest first.</summary>
    public IEnumerable<string> All => File.Exists(Current) ? Closed.Add(Current) : Closed;

    public string ClosedPath(long first) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}.{first:D10}.jsonl"));

    /// <summary>A name for a file that is closed now.</summary>
    public string FreeClosedPath(long first)
    {
        // A file whose flush has failed may have been closed with the same first line.
        while (File.Exists(ClosedPath(first)))
        {
            first++;
        }

        return ClosedPath(first);
    }

    /// <summary>The number of a closed file's first line, from its name; null for another file.</summary>
    public long? FirstOf(string path)
    {
        var file = Path.GetFileName(path);
        return file.StartsWith(name + ".", StringComparison.Ordinal)
            && long.TryParse(file.AsSpan(name.Length + 1, file.Length - name.Length - 1 - ".jsonl".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            ? first
            : null;
    }

    /// <summary>The raw lines of a file, and how many bytes of it are complete lines.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be read.</exception>
    public static (List<byte[]> Lines, long Complete, long Length) ReadLines(string path, Disk? disk = null)
    {
        return Split((disk ?? Disk.Real).Read(path));
    }

    /// <summary>The lines of a file's content, and how many bytes of it are complete lines.</summary>
    public static (List<byte[]> Lines, long Complete, long Length) Split(byte[] bytes)
    {
        var lines = new List<byte[]>();
        var rest = bytes.AsSpan();
        while (rest.IndexOf(LineFeed) is var end and >= 0)
        {
            if (end > 0)
            {
                lines.Add(rest[..end].ToArray());
            }

            rest = rest[(end + 1)..];
        }

        return (lines, bytes.Length - rest.Length, bytes.Length);
    }
}

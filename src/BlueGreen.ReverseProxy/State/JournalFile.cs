using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace BlueGreen.ReverseProxy.State;

/// <summary>A file of JSON lines that only grows.</summary>
internal sealed class JournalFile<T>(string path, JsonTypeInfo<T> typeInfo)
    where T : class
{
    private const byte LineFeed = (byte)'\n';

    public string Path => path;

    /// <summary>Reads line by line; a line that can't be read, such as one that a power loss cut off, comes as null.</summary>
    public IEnumerable<(string Line, T? Entry)> Read() =>
        File.Exists(path) ? File.ReadLines(path).Where(line => line.Length > 0).Select(line => (line, TryRead(line))) : [];

    /// <summary>Adds lines, on the disk when the call returns.</summary>
    public void Append(IReadOnlyCollection<T> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }

        using var buffer = new MemoryStream();
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);

        // A line that was cut off stays a line of its own; the next one must not be glued to it.
        if (file.Length > 0)
        {
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != LineFeed)
            {
                buffer.WriteByte(LineFeed);
            }
        }

        foreach (var entry in entries)
        {
            JsonSerializer.Serialize(buffer, entry, typeInfo);
            buffer.WriteByte(LineFeed);
        }

        file.Seek(0, SeekOrigin.End);
        file.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        file.Flush(flushToDisk: true);
    }

    private T? TryRead(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, typeInfo);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>
/// A state folder as a tool from outside reads it: lines of JSON, and sums that are computed here. What the gateway thinks of its
/// own files is not asked.
/// </summary>
internal sealed class StoredFolder(string folder)
{
    private static readonly string NoLine = new('0', SHA256.HashSizeInBytes * 2);

    /// <summary>All lines of a journal, oldest first; a line that is just being written is left out.</summary>
    public IReadOnlyList<StoredLine> Lines(string journal) => [.. Files(journal).SelectMany(CompleteLines).Select(StoredLine.Parse)];

    /// <summary>The calls of hooks that are still to be made, as they were put down.</summary>
    public IReadOnlyList<JsonElement> Waiting()
    {
        var waiting = new List<JsonElement>();
        foreach (var record in Lines("hooks").Select(line => line.Record))
        {
            if (record.TryGetProperty("add", out var added))
            {
                waiting.Add(added);
            }
            else if (record.TryGetProperty("remove", out var removed))
            {
                waiting.RemoveAll(call => call.GetProperty("id").GetString() == removed.GetString());
            }
            else
            {
                var (service, slot) = (record.GetProperty("withdraw").GetProperty("service").GetString(), record.GetProperty("withdraw").GetProperty("slot").GetString());
                waiting.RemoveAll(call => call.GetProperty("event").GetString() == "decommission"
                    && call.GetProperty("service").GetString() == service && call.GetProperty("slot").GetString() == slot);
            }
        }

        return waiting;
    }

    /// <summary>Checks what has to hold after any crash: no gap, no line twice, and an audit of which each line follows from the one before.</summary>
    /// <param name="mayRepeat">Whether lines may be there again, as they were: nobody knows what is in a file whose flush has failed, so they are written to another one too.</param>
    public void ShouldBeWhole(bool mayRepeat = false)
    {
        foreach (var journal in new[] { "audit", "events", "releases", "keys", "hooks" })
        {
            var lines = Lines(journal);
            lines = mayRepeat ? [.. lines.DistinctBy(line => line.Sha256).OrderBy(line => line.Number)] : lines;
            lines.Select(line => line.Number).Should().Equal(Enumerable.Range(1, lines.Count).Select(number => (long)number), "{0} has neither gap nor repetition", journal);
            if (journal == "audit")
            {
                lines.Select(line => line.Previous).Should().Equal(lines.Select(line => line.Sha256).Prepend(NoLine).Take(lines.Count), "each line repeats the sum of the one before");
            }
        }
    }

    /// <summary>The ids of all releases: those that have ended, and those that run by the state file.</summary>
    public IReadOnlyList<string> Releases()
    {
        var ended = Lines("releases").Select(line => line.Record.GetProperty("id").GetString()!);
        var running = State().GetProperty("running").EnumerateArray().Select(release => release.GetProperty("id").GetString()!);
        return [.. ended, .. running];
    }

    /// <summary>The second line of the state file.</summary>
    public JsonElement State() => JsonDocument.Parse(File.ReadLines(Path.Combine(folder, "state.json")).ElementAt(1)).RootElement;

    /// <summary>Changes the state file as somebody would who knows its format: with a checksum that fits.</summary>
    public void Rewrite(string name, Func<string, string> header, Func<string, string> state)
    {
        var path = Path.Combine(folder, name);
        var lines = File.ReadAllLines(path);
        var body = Encoding.UTF8.GetBytes($"{state(lines[1])}\n{lines[2]}\n");
        var old = JsonDocument.Parse(lines[0]).RootElement;
        var first = header(lines[0])
            .Replace(old.GetProperty("sha256").GetString()!, Convert.ToHexStringLower(SHA256.HashData(body)), StringComparison.Ordinal)
            .Replace(
                string.Create(CultureInfo.InvariantCulture, $"\"length\":{old.GetProperty("length").GetInt64()}"),
                string.Create(CultureInfo.InvariantCulture, $"\"length\":{body.Length}"),
                StringComparison.Ordinal);
        File.WriteAllBytes(path, [.. Encoding.UTF8.GetBytes(first + "\n"), .. body]);
    }

    private IEnumerable<string> Files(string journal)
    {
        var current = Path.Combine(folder, journal + ".jsonl");
        var closed = Directory.GetFiles(folder, journal + ".*.jsonl").Order(StringComparer.Ordinal);
        return File.Exists(current) ? closed.Append(current) : closed;
    }

    private static IEnumerable<byte[]> CompleteLines(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var start = 0;
        for (var end = Array.IndexOf(bytes, (byte)'\n'); end >= 0; end = Array.IndexOf(bytes, (byte)'\n', start))
        {
            yield return bytes[start..end];
            start = end + 1;
        }
    }
}

/// <summary>One line of a journal, and the sum of its bytes.</summary>
internal sealed record StoredLine(long Number, string? Previous, JsonElement Record, string Sha256)
{
    public static StoredLine Parse(byte[] utf8)
    {
        var line = JsonDocument.Parse(utf8).RootElement;
        return new(
            line.GetProperty("n").GetInt64(),
            line.TryGetProperty("previous", out var previous) ? previous.GetString() : null,
            line.GetProperty("record"),
            Convert.ToHexStringLower(SHA256.HashData(utf8)));
    }
}

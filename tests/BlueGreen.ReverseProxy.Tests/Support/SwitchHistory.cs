using System.Globalization;
using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>A state folder as it is after many switches. Closed files that nobody reads at the start are there as holes of the right size.</summary>
internal static class SwitchHistory
{
    private const int FileBytes = 4 * 1024 * 1024;
    private const int EventsPerSwitch = 4;
    private const int AuditPerSwitch = 3;

    public static void Write(string folder, int switches)
    {
        Write(folder, "releases", switches, number => JournalLine.Of(
            new JournalEntry<ReleaseState>(number, number * 3, States.Now, null, States.Release($"r{number}-abcdef", ReleaseStatus.Succeeded)), StateJson.Default.ReleaseLine));
        Write(folder, "events", switches * EventsPerSwitch, number => JournalLine.Of(
            new JournalEntry<EventRecord>(
                number,
                (number + EventsPerSwitch - 1) / EventsPerSwitch * 3,
                States.Now,
                null,
                new EventRecord(number, States.Now, "switched", $"r{(number + EventsPerSwitch - 1) / EventsPerSwitch}-abcdef", ["orders"], "orders: blue to green")),
            StateJson.Default.EventLine));
        var previous = JournalLine.NoLine;
        Write(folder, "audit", switches * AuditPerSwitch, number =>
        {
            var line = JournalLine.Of(new JournalEntry<AuditRecord>(number, (number + 2) / AuditPerSwitch * 3, States.Now, previous, States.Audit(number)), StateJson.Default.AuditLine);
            previous = line.Hash;
            return line;
        });
        var state = States.Of("orders") with { Revision = switches * 3L, History = "h", LastRelease = switches, LastAudit = switches * AuditPerSwitch, LastEvent = switches * EventsPerSwitch };
        File.WriteAllBytes(Path.Combine(folder, "state.json"), StateDocument.Write(state, []));
    }

    private static void Write(string folder, string name, long count, Func<long, JournalLine> line)
    {
        var files = new JournalFiles(folder, name);
        var perFile = FileBytes / (line(count).Utf8.Length + 1);
        var first = 1L;
        for (; first + (2 * perFile) <= count; first += perFile)
        {
            using var hole = File.Create(files.ClosedPath(first));
            hole.SetLength(FileBytes);
        }

        for (; first <= count; first += perFile)
        {
            var text = new StringBuilder();
            for (var number = first; number < Math.Min(first + perFile, count + 1); number++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetString(line(number).Utf8)}\n");
            }

            File.WriteAllText(first + perFile > count ? files.Current : files.ClosedPath(first), text.ToString());
        }
    }
}

using System.Globalization;

namespace BlueGreen.Gateway.Benchmarks.Processes;

/// <summary>What Linux says of a process and its children (nginx works in one): /proc/PID/status and /proc/PID/stat.</summary>
/// <param name="ResidentBytes">Resident memory.</param>
/// <param name="Processor">User and system time since the start; the system counts it in hundredths of a second.</param>
internal sealed record ProcessFigures(long ResidentBytes, TimeSpan Processor)
{
    private const string Resident = "VmRSS:";
    private const int UserTime = 11;
    private const int SystemTime = 12;

    // USER_HZ, which is 100 on every architecture that .NET runs on.
    private const int TicksPerSecond = 100;

    public static ProcessFigures Of(int processId)
    {
        var status = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith(Resident, StringComparison.Ordinal));
        var stat = File.ReadAllText($"/proc/{processId}/stat");

        // The name before it is in parentheses and may contain anything.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = Number(fields[UserTime]) + Number(fields[SystemTime]);
        var own = new ProcessFigures(Number(status[Resident.Length..].Replace("kB", "", StringComparison.Ordinal)) * 1024, TimeSpan.FromSeconds((double)ticks / TicksPerSecond));
        return File.ReadAllText($"/proc/{processId}/task/{processId}/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(child => Of((int)Number(child)))
            .Aggregate(own, (left, right) => new ProcessFigures(left.ResidentBytes + right.ResidentBytes, left.Processor + right.Processor));
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.Integer | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace BlueGreen.Gateway.Benchmarks.Processes;

/// <summary>How many files and sockets one process may have open.</summary>
/// <remarks>The runtime raises its own limit to the hard one when it starts, and its children inherit that; nothing is left to raise.</remarks>
internal static class OpenFiles
{
    private const string Line = "Max open files";
    private const int HardColumn = 1;

    /// <summary>The hard limit of this process.</summary>
    public static int Limit()
    {
        var line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith(Line, StringComparison.Ordinal));
        var hard = line[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[HardColumn];
        return int.TryParse(hard, CultureInfo.InvariantCulture, out var limit) ? limit : int.MaxValue;
    }
}

using System.Runtime.InteropServices;

namespace BlueGreen.Gateway.Benchmarks.Processes;

/// <summary>The processor time of a process in nanoseconds, also of its threads that have ended; /proc counts in hundredths of a second. Linux only.</summary>
internal static partial class ProcessorClock
{
    public static TimeSpan Of(int processId)
    {
        if (GetClock(processId, out var clock) != 0 || GetTime(clock, out var time) != 0)
        {
            throw new InvalidOperationException($"The processor time of process {processId} can't be read.");
        }

        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    [LibraryImport("libc", EntryPoint = "clock_getcpuclockid")]
    private static partial int GetClock(int processId, out int clock);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}

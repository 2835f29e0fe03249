using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>The file descriptors of this process: how many it may have (RLIMIT_NOFILE) and how many it has.</summary>
internal static partial class OpenFiles
{
    // asm-generic/resource.h; the same on x86-64 and ARM64.
    private const int NumberOfFiles = 7;

    /// <summary>What a gateway with one service needs for itself, without a single client.</summary>
    public const int Least = 320;

    private const int FewFiles = 4096;
    private const int FewConnections = 32;
    private const int ManyConnections = 512;

    private const string Folder = "/proc/self/fd";

    /// <summary>Raises the soft limit to the hard one.</summary>
    /// <returns>The limit that holds now; null where there is none, or where it can't be known.</returns>
    public static long? RaiseLimit()
    {
        if (!OperatingSystem.IsLinux() || GetLimit(NumberOfFiles, out var limit) != 0)
        {
            return null;
        }

        if (limit.Soft < limit.Hard && SetLimit(NumberOfFiles, limit with { Soft = limit.Hard }) == 0)
        {
            limit = limit with { Soft = limit.Hard };
        }

        return limit.Soft > long.MaxValue ? null : (long)limit.Soft;
    }

    /// <summary>What to tell an operator whose limit is too low.</summary>
    public static ConfigurationError TooFew(long limit, long needed) => new(
        "limit of open files", $"{limit}", $"is too low: at least {needed} are needed, and {FewFiles} or more to serve clients. Raise it (ulimit -n, LimitNOFILE= of systemd, ulimits of a container)");

    /// <summary>How many connections of administration there may be. They come out of the descriptors that proxied traffic leaves.</summary>
    public static int ForAdministration(long? limit) => limit < FewFiles ? FewConnections : ManyConnections;

    /// <summary>How many are open; the look itself needs one of them.</summary>
    public static int Count() => Directory.Exists(Folder) ? Directory.EnumerateFileSystemEntries(Folder).Count() : 0;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    // struct rlimit; rlim_t has 64 bits.
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct ResourceLimit(ulong Soft, ulong Hard);
}

using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed partial class DiskTests : IDisposable
{
    private const int FileSizeLimit = 1;
    private const long Limit = 1L << 40;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // The signal that comes with it would end the process, and with it the traffic.
    [LinuxFact]
    public void Write_PastTheLimitOfFileSizes_FailsLikeAFullDisk()
    {
        using var file = File.OpenHandle(_folder["file"], FileMode.Create, FileAccess.Write);
        GetLimit(FileSizeLimit, out var before).Should().Be(0);
        SetLimit(FileSizeLimit, before with { Current = Limit }).Should().Be(0);
        try
        {
            file.Invoking(it => Disk.Real.Write(it, "x"u8, Limit)).Should().Throw<IOException>();
            Disk.Real.Write(file, "x"u8, 0);
        }
        finally
        {
            SetLimit(FileSizeLimit, before);
        }

        RandomAccess.GetLength(file).Should().Be(1);
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private record struct ResourceLimit(long Current, long Maximum);
}

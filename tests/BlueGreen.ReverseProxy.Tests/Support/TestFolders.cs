namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>
/// Where the tests keep their files: in memory if there is room. Each commit flushes three files, and a test with hundreds of commits
/// would spend its time waiting for a disk that says nothing about the code.
/// </summary>
internal static class TestFolders
{
    private const string Memory = "/dev/shm";
    private const long Room = 2L << 30;

    private static readonly string? Root = HasRoom() ? Memory : null;

    /// <summary>Creates an empty folder.</summary>
    public static string Create() => Root is null || OperatingSystem.IsWindows()
        ? Directory.CreateTempSubdirectory("bluegreen-").FullName
        : Directory.CreateDirectory(Path.Combine(Root, $"bluegreen-{Guid.NewGuid():N}"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    // In a container it is often 64 MB.
    private static bool HasRoom()
    {
        try
        {
            return OperatingSystem.IsLinux() && Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace >= Room;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

using System.Diagnostics;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A disk of some hundred KB: a tmpfs, which only root may mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SmallDisk(int kilobytes)
    {
        Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", _folder.Path).Should().BeTrue("mounting has worked when the tests were found");
    }

    public string Path => _folder.Path;

    private string Filler => _folder.File("filler");

    /// <summary>Whether a tmpfs can be mounted here.</summary>
    public static bool IsPossible { get; } = OperatingSystem.IsLinux() && CanMount();

    /// <summary>Writes until nothing more goes in.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException)
        {
            // Full, as wanted.
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", "--lazy", _folder.Path);
        _folder.Dispose();
    }

    private static bool CanMount()
    {
        using var folder = new TemporaryFolder();
        return Run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder.Path) && Run("umount", folder.Path);
    }

    private static bool Run(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A test that needs a disk of its own.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute()
    {
        if (!SmallDisk.IsPossible)
        {
            Skip = "Needs the right to mount a tmpfs (root).";
        }
    }
}

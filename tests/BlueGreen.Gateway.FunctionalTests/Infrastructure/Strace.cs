using System.Diagnostics;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>strace on a running process, which makes its system calls fail or kills it at one of them.</summary>
internal sealed class Strace : IAsyncDisposable
{
    private static readonly Lazy<bool> Possible = new(Probe);

    private readonly Process _strace;

    private Strace(Process strace)
    {
        _strace = strace;
    }

    /// <summary>Whether strace is there and may look at other processes.</summary>
    public static bool IsPossible => Possible.Value;

    /// <summary>Attaches; the process's calls are tampered with from then on.</summary>
    /// <param name="process">The process, with all of its threads.</param>
    /// <param name="calls">The system calls, as strace names them.</param>
    /// <param name="fault">What becomes of them, such as <c>error=EIO</c>.</param>
    public static async Task<Strace> AttachAsync(int process, string calls, string fault)
    {
        var strace = new Strace(Start("-f", "-o", "/dev/null", "-e", "trace=" + calls, "-e", $"inject={calls}:{fault}", "-p", $"{process}"));
        await strace.UntilAttachedAsync().WaitAsync(TestLimits.Wait);
        return strace;
    }

    /// <summary>Lets the process go on by itself.</summary>
    public async Task DetachAsync()
    {
        if (!_strace.HasExited)
        {
            // It lets go of the process and ends; that it has ended in this moment is no matter.
            using var kill = Process.Start(new ProcessStartInfo("kill", [$"{_strace.Id}"]) { RedirectStandardError = true, UseShellExecute = false })!;
            await kill.WaitForExitAsync();
        }

        await _strace.WaitForExitAsync().WaitAsync(TestLimits.Wait);
    }

    public async ValueTask DisposeAsync()
    {
        await DetachAsync();
        _strace.Dispose();
    }

    private async Task UntilAttachedAsync()
    {
        while (await _strace.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("attached", StringComparison.Ordinal))
            {
                // The rest is not of interest, but a pipe that nobody reads would stop it.
                _ = _strace.StandardError.ReadToEndAsync();
                return;
            }
        }

        throw new InvalidOperationException("strace has ended before it attached.");
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("strace", arguments) { RedirectStandardError = true, UseShellExecute = false })!;

    private static bool Probe()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            using var other = Process.Start("sleep", "60");
            try
            {
                using var strace = Start("-o", "/dev/null", "-p", $"{other.Id}");
                var first = strace.StandardError.ReadLine();
                strace.Kill();
                return first?.Contains("attached", StringComparison.Ordinal) == true;
            }
            finally
            {
                other.Kill();
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A test that needs strace, and the right to attach it to another process.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StraceFactAttribute : FactAttribute
{
    public StraceFactAttribute()
    {
        if (!Strace.IsPossible)
        {
            Skip = "Needs strace, and the right to trace other processes (Debian: apt-get install strace).";
        }
    }
}

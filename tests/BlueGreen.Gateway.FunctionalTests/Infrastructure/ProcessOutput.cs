using System.Diagnostics;
using System.Text;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>What a process writes, as it writes it: so a process that hangs is not silent about how far it came.</summary>
internal sealed class ProcessOutput
{
    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();
    private readonly Task _read;

    /// <param name="process">A process whose two outputs are redirected, and nobody else's to read.</param>
    public ProcessOutput(Process process)
    {
        _process = process;
        _read = Task.WhenAll(CollectAsync(process.StandardOutput, _out), CollectAsync(process.StandardError, _error));
    }

    public string Out => Read(_out);

    public string Error => Read(_error);

    /// <summary>Whether both outputs were closed.</summary>
    public bool IsRead => _read.IsCompleted;

    /// <summary>Waits until the process has ended and all of its output was read.</summary>
    /// <exception cref="TimeoutException">It did not end, and was killed; the message has what it had written.</exception>
    public async Task UntilEndedAsync()
    {
        try
        {
            await Task.WhenAll(_process.WaitForExitAsync(), _read).WithinLimitAsync(
                $"The end of {_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)}",
                () => $"{Out}{Environment.NewLine}and on the error output:{Environment.NewLine}{Error}");
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static async Task CollectAsync(StreamReader reader, StringBuilder into)
    {
        var buffer = new char[4096];
        int length;
        while ((length = await reader.ReadAsync(buffer)) > 0)
        {
            lock (into)
            {
                into.Append(buffer, 0, length);
            }
        }
    }

    private static string Read(StringBuilder builder)
    {
        lock (builder)
        {
            return builder.ToString();
        }
    }
}

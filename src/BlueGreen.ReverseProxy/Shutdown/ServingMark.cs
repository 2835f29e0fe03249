using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>The file <c>gateway.pid</c> beside the state: which process serves. A process that stops learns from it that its successor serves.</summary>
/// <remarks>
/// In containers every gateway is process 1. So a process knows its own file by the time at which it was written, too: the file is
/// renamed into place, which keeps that time, and a successor's is a later one.
/// </remarks>
internal sealed partial class ServingMark(BlueGreenOptions options, TimeProvider time, ILogger<ServingMark> logger)
{
    // How long the stop waits for the disk; a hung disk must not block the drain.
    private static readonly TimeSpan DiskTimeout = TimeSpan.FromMilliseconds(500);

    private readonly string _path = Path.Combine(Path.GetFullPath(options.State.Directory), "gateway.pid");
    private readonly string _self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
    private Task<Mark?>? _reading;
    private Mark? _own;

    public void Set()
    {
        try
        {
            // Renamed into place: nobody reads half a number.
            var written = $"{_path}.{_self}.new";
            File.WriteAllText(written, _self);
            _own = new Mark(_self, File.GetLastWriteTimeUtc(written));
            File.Move(written, _path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(logger, _path, exception.Message);
        }
    }

    /// <summary>Whether another process has begun to serve. False while the disk does not answer.</summary>
    public async Task<bool> IsAnothersAsync(CancellationToken cancellationToken)
    {
        // A read that hangs is awaited again by the next call, so that the polling loop never blocks more than one thread.
        _reading ??= Task.Run(Read, CancellationToken.None);
        try
        {
            var serving = await _reading.WaitAsync(DiskTimeout, time, cancellationToken);
            _reading = null;
            return serving is not null && serving != _own;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Removes the pid file unless another process has replaced it.</summary>
    public async Task RemoveAsync()
    {
        try
        {
            await Task.Run(Remove).WaitAsync(DiskTimeout, time);
        }
        catch (TimeoutException)
        {
            LogNotRemoved(logger, _path, DiskTimeout.TotalSeconds);
        }
    }

    private void Remove()
    {
        try
        {
            if (_own is not null && Read() == _own)
            {
                File.Delete(_path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(logger, _path, exception.Message);
        }
    }

    private Mark? Read()
    {
        try
        {
            // In this order: a file that is replaced in between looks like another process's, which it is.
            return new Mark(File.ReadAllText(_path), File.GetLastWriteTimeUtc(_path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed record Mark(string Process, DateTime WrittenAt);

    [LoggerMessage(6101, LogLevel.Warning, "{Path} can't be written ({Error}): a gateway that hands over to another will wait for the whole of Shutdown:Delay.")]
    private static partial void LogNotWritten(ILogger logger, string path, string error);

    [LoggerMessage(6102, LogLevel.Warning, "{Path} was not removed: the disk did not answer within {Seconds:0.0} s.")]
    private static partial void LogNotRemoved(ILogger logger, string path, double seconds);
}

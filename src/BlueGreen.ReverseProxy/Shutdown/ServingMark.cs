using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>The file <c>gateway.pid</c> beside the state: which process serves. A process that stops learns from it that its successor serves.</summary>
internal sealed partial class ServingMark(BlueGreenOptions options, TimeProvider time, ILogger<ServingMark> logger)
{
    // How long the stop waits for the disk; a hung disk must not block the drain.
    private static readonly TimeSpan DiskTimeout = TimeSpan.FromMilliseconds(500);

    private readonly string _path = Path.Combine(Path.GetFullPath(options.State.Directory), "gateway.pid");
    private readonly string _self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
    private Task<string?>? _reading;

    public void Set()
    {
        try
        {
            // Renamed into place: nobody reads half a number.
            File.WriteAllText(_path + ".new", _self);
            File.Move(_path + ".new", _path, overwrite: true);
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
            var process = await _reading.WaitAsync(DiskTimeout, time, cancellationToken);
            _reading = null;
            return process is not null && process != _self;
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
            if (Read() == _self)
            {
                File.Delete(_path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(logger, _path, exception.Message);
        }
    }

    private string? Read()
    {
        try
        {
            return File.ReadAllText(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LoggerMessage(6101, LogLevel.Warning, "{Path} can't be written ({Error}): a gateway that hands over to another will wait for the whole of Shutdown:Delay.")]
    private static partial void LogNotWritten(ILogger logger, string path, string error);

    [LoggerMessage(6102, LogLevel.Warning, "{Path} was not removed: the disk did not answer within {Seconds:0.0} s.")]
    private static partial void LogNotRemoved(ILogger logger, string path, double seconds);
}

using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>The file <c>gateway.pid</c> beside the state: which process serves. The one that leaves sees by it that its successor has arrived.</summary>
internal sealed partial class ServingMark(BlueGreenOptions options, ILogger<ServingMark> logger)
{
    private readonly string _path = Path.Combine(Path.GetFullPath(options.State.Directory), "gateway.pid");
    private readonly string _self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

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

    /// <summary>Whether another process has begun to serve.</summary>
    public bool IsAnothers() => Read() is { } process && process != _self;

    /// <summary>Takes the mark away, unless it is another's by now.</summary>
    public void Remove()
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
}

using System.Collections.Frozen;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>The operator's own error pages, as their files have them; while a file can't be used, what it had before.</summary>
internal sealed partial class ErrorPages : IDisposable
{
    private readonly CurrentOptions _options;
    private readonly ILogger<ErrorPages> _logger;
    private readonly FilePoller _poller;

    // Why files were refused at the last look; only the poller uses it.
    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);
    private FrozenDictionary<string, ErrorPageFile> _files;

    /// <summary>Reads the files, and looks at them again every few seconds, and at once when other ones are configured.</summary>
    /// <exception cref="BlueGreenConfigurationException">One of them can't be used.</exception>
    public ErrorPages(CurrentOptions options, BackgroundLoops loops, TimeProvider time, ILogger<ErrorPages> logger)
    {
        _options = options;
        _logger = logger;
        var errors = new List<ConfigurationError>();
        _files = ErrorPageFiles.Load(options.Value, errors).ToFrozenDictionary(StringComparer.Ordinal);
        if (errors.Count > 0)
        {
            throw new BlueGreenConfigurationException(errors);
        }

        _poller = new FilePoller("errorPages", Reload, loops, time, nextChange: () => options.NextChange);
    }

    /// <summary>The file for an error: the service's own before that of all services, and the most specific one of each. Null where there is none.</summary>
    /// <param name="ofService">What the service has; null for a request that belongs to none.</param>
    /// <param name="error">The error.</param>
    /// <param name="form">The form that the client wants.</param>
    public ErrorPageFile? Find(ErrorPageOptions? ofService, ErrorDetails error, AnswerForm form)
    {
        var extension = form == AnswerForm.Html ? ErrorPageFile.Html : ErrorPageFile.Json;
        var path = ofService?.PathFor(error.Status, error.IsMaintenance, extension) ?? _options.Value.ErrorPages.PathFor(error.Status, error.IsMaintenance, extension);
        return path is null ? null : Volatile.Read(ref _files).GetValueOrDefault(path);
    }

    /// <summary>Reads the files again.</summary>
    public void Reload()
    {
        var files = new Dictionary<string, ErrorPageFile>(StringComparer.Ordinal);
        foreach (var (key, path) in ErrorPageFiles.Of(_options.Value))
        {
            if (_files.TryGetValue(path, out var before))
            {
                files[path] = before;
            }

            try
            {
                Take(files, key, path, ErrorPageFile.Load(path));
            }
            catch (ErrorPageException exception)
            {
                if (_refused.GetValueOrDefault(path) != exception.Message)
                {
                    LogRefused(_logger, key, path, exception.Message);
                }

                _refused[path] = exception.Message;
            }
        }

        Volatile.Write(ref _files, files.ToFrozenDictionary(StringComparer.Ordinal));
    }

    public void Dispose() => _poller.Dispose();

    private void Take(Dictionary<string, ErrorPageFile> files, string key, string path, ErrorPageFile next)
    {
        _refused.Remove(path);
        if (!files.TryGetValue(path, out var before) || !before.IsSameAs(next))
        {
            files[path] = next;
            LogReloaded(_logger, key, path);
        }
    }

    [LoggerMessage(1111, LogLevel.Information, "{Key}: {Path} was read again.")]
    private static partial void LogReloaded(ILogger logger, string key, string path);

    [LoggerMessage(1112, LogLevel.Error, "{Key}: {Path} can't be used, and what it had before stays in use: {Reason}")]
    private static partial void LogRefused(ILogger logger, string key, string path, string reason);
}

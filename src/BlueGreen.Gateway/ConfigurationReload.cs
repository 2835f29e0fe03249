using BlueGreen.Gateway.Checks;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Reload;

namespace BlueGreen.Gateway;

/// <summary>Reads changed configuration files again while the gateway runs, and says in one line what came of it.</summary>
internal sealed partial class ConfigurationReload(
    IConfigurationRoot configuration, ReloadStatus status, BackgroundLoops loops, TimeProvider time, ILogger<ConfigurationReload> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    // What is the matter with a file that is not in use as it is now; only the poller uses it.
    private readonly Dictionary<string, string> _kept = new(StringComparer.Ordinal);
    private IReadOnlyList<ConfigurationError> _mistakes = [];

    private FilePoller? _poller;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _poller = new FilePoller("configuration", Look, loops, time, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _poller?.Dispose();

    private void Look()
    {
        foreach (var file in configuration.Providers.OfType<KeptJsonProvider>())
        {
            try
            {
                Report(file.Path, file.Look());
            }
#pragma warning disable CA1031 // Whoever reads the configuration may throw anything at a change; on a timer that would end the process.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogFailed(logger, exception, file.Path);
            }
        }
    }

    private void Report(string path, FileChange? change)
    {
        if (change is { IsUsed: true })
        {
            LogUsed(logger, path, change.What);
            _kept.Remove(path);
            _mistakes = [.. GatewayCheck.FindKeyErrors(configuration)];
            foreach (var error in _mistakes)
            {
                LogMistake(logger, error);
            }
        }
        else if (change is not null)
        {
            LogKept(logger, path, change.What);
            _kept[path] = change.What;
        }
        else
        {
            return;
        }

        status.SetFiles(
        [
            .. _kept.Select(file => $"Configuration file {file.Key} {file.Value}: what it had before stays in use."),
            .. _mistakes.Select(error => $"The configuration has a mistake that would end the next start: {error}"),
        ]);
    }

    [LoggerMessage(8101, LogLevel.Information, "Configuration file {File} {What}.")]
    private static partial void LogUsed(ILogger logger, string file, string what);

    [LoggerMessage(8105, LogLevel.Warning, "The configuration has a mistake that would end the next start: {Error}")]
    private static partial void LogMistake(ILogger logger, ConfigurationError error);

    [LoggerMessage(8102, LogLevel.Error, "Configuration file {File} {What}. What it had before stays in use; put the file back. To take a section away, restart the gateway.")]
    private static partial void LogKept(ILogger logger, string file, string what);

    [LoggerMessage(8103, LogLevel.Error, "Configuration file {File} has changed, and taking the change over has failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string file);
}

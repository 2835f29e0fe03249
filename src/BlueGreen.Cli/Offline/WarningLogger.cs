using BlueGreen.Cli.CommandLine;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Cli.Offline;

/// <summary>What the gateway would log about a folder, as warnings on the error output.</summary>
internal sealed class WarningLogger(Session session) : ILogger
{
    private const int MaxWarnings = 20;
    private int _count;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel) && ++_count <= MaxWarnings)
        {
            session.Warn(_count < MaxWarnings ? formatter(state, exception) : "There is more of that: see `bluegreen state verify`.");
        }
    }
}

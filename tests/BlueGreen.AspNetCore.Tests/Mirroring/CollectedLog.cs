using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BlueGreen.AspNetCore.Tests.Mirroring;

/// <summary>Keeps what was logged, with the scopes around it.</summary>
internal sealed class CollectedLog : ILoggerProvider, ISupportExternalScope, ILogger
{
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    public ConcurrentQueue<(LogLevel Level, string Text, Dictionary<string, object> Scope)> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => _scopes.Push(state);

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var properties = new Dictionary<string, object>();
        _scopes.ForEachScope(
            (scope, all) =>
            {
                foreach (var (name, value) in scope as IEnumerable<KeyValuePair<string, object>> ?? [])
                {
                    all[name] = value;
                }
            },
            properties);
        Lines.Enqueue((logLevel, formatter(state, exception), properties));
    }

    public void Dispose()
    {
    }
}

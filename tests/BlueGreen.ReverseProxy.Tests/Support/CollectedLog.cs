using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>Keeps what is logged, with the exception and the values.</summary>
internal sealed class CollectedLog<T> : ILogger<T>
{
    private readonly Lock _lock = new();
    private readonly List<LogLine> _lines = [];

    public IReadOnlyList<LogLine> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
        {
            var values = (state as IReadOnlyList<KeyValuePair<string, object?>> ?? []).ToDictionary(value => value.Key, value => value.Value, StringComparer.Ordinal);
            _lines.Add(new(logLevel, eventId.Id, formatter(state, exception), exception, values));
        }
    }
}

internal sealed record LogLine(LogLevel Level, int Id, string Text, Exception? Exception, IReadOnlyDictionary<string, object?> Values);

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Extensibility;

namespace BlueGreen.Examples.Embedding;

/// <summary>Writes what happens to releases; a chat, a ticket system or a bus would go here.</summary>
internal sealed partial class ReleaseNews(ILogger<ReleaseNews> logger) : IReleaseEventSubscriber
{
    public Task OnEventAsync(StreamedEvent releaseEvent, CancellationToken cancellationToken)
    {
        LogNews(logger, releaseEvent.Sequence, releaseEvent.Release, releaseEvent.Type, releaseEvent.Detail);
        return Task.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "{Sequence}: release {Release} {Type} {Detail}")]
    private static partial void LogNews(ILogger logger, long sequence, string release, string type, string? detail);
}

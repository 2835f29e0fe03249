using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Extensibility;

namespace BlueGreen.Examples.Embedding;

/// <summary>Writes what happens to releases; a chat, a ticket system or a bus would go here.</summary>
internal sealed partial class ReleaseNews(ILogger<ReleaseNews> logger) : IReleaseEventSubscriber
{
    // Maintenance is an event of a service, and of no release.
    public Task OnEventAsync(StreamedEvent releaseEvent, CancellationToken cancellationToken)
    {
        LogNews(logger, releaseEvent.Sequence, releaseEvent.Release ?? string.Join(", ", releaseEvent.Services), releaseEvent.Type, releaseEvent.Detail);
        return Task.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "{Sequence}: {Subject} {Type} {Detail}")]
    private static partial void LogNews(ILogger logger, long sequence, string subject, string type, string? detail);
}

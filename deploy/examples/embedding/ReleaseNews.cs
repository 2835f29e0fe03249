using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Extensibility;

namespace BlueGreen.Examples.Embedding;

/// <summary>Writes what happens to releases; a chat, a ticket system or a bus would go here.</summary>
internal sealed partial class ReleaseNews(ILogger<ReleaseNews> logger) : IReleaseEventSubscriber
{
    public Task OnEventAsync(StreamedEvent releaseEvent, CancellationToken cancellationToken)
    {
        LogNews(logger, releaseEvent.Sequence, Subject(releaseEvent), releaseEvent.Type, releaseEvent.Detail);
        return Task.CompletedTask;
    }

    // Maintenance is an event of a service, and of no release.
    private static string Subject(StreamedEvent releaseEvent) =>
        releaseEvent.Release is { } release ? $"release {release}" : string.Join(", ", releaseEvent.Services);

    [LoggerMessage(1, LogLevel.Information, "{Sequence}: {Subject} {Type} {Detail}")]
    private static partial void LogNews(ILogger logger, long sequence, string subject, string type, string? detail);
}

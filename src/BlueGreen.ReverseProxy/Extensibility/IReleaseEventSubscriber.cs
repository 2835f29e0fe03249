using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Extensibility;

/// <summary>Gets the events of releases, the same as <c>GET /v1/events</c> sends. Register it with <c>AddReleaseEvents</c>.</summary>
/// <remarks>
/// <para>
/// Events come in their order, one at a time, from the start of the process on. Each subscriber has a background loop of its own
/// (<c>events/{type}</c> in <c>/healthz</c> and the metrics): one that is slow or throws delays no release and no other subscriber.
/// </para>
/// <para>
/// Each event comes at least once while the process lives. An event whose handling has thrown comes again, after growing pauses of at
/// most 30 seconds, until it is handled; the later ones wait. <see cref="StreamedEvent.Sequence"/> is the same at every try. A process
/// that ends does not deliver what is left: for calls that must survive a restart there are hooks.
/// </para>
/// <para>
/// The gateway keeps the last 20,000 events. A subscriber that is further behind loses the oldest ones, which is logged; it sees that by
/// a jump of <see cref="StreamedEvent.Sequence"/>, which is +1 per event otherwise.
/// </para>
/// </remarks>
public interface IReleaseEventSubscriber
{
    /// <summary>Handles an event. The next one comes when the task has ended.</summary>
    /// <param name="releaseEvent">What has happened; it is committed.</param>
    /// <param name="cancellationToken">Raised when the gateway stops; the call is then waited for 5 seconds at most.</param>
    public Task OnEventAsync(StreamedEvent releaseEvent, CancellationToken cancellationToken);
}

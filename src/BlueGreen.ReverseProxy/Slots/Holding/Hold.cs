namespace BlueGreen.ReverseProxy.Slots.Holding;

/// <summary>New requests of a service wait at the gateway. Immutable, a part of a <see cref="ServiceRoute"/>; the requests wait in the service's <see cref="HoldQueue"/>.</summary>
/// <param name="Id">Tells one hold from the next: the release that holds, or the generation at which somebody began to hold by hand.</param>
/// <param name="MaxRequests">How many requests may wait at once.</param>
/// <param name="Duration">After how long the requests go on at the latest.</param>
/// <param name="Since">When the hold began (UTC).</param>
/// <param name="IsOfRelease">Whether a release holds, which decides where the requests go on to.</param>
internal sealed record Hold(string Id, int MaxRequests, TimeSpan Duration, DateTimeOffset Since, bool IsOfRelease);

using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What is stored of a service that is closed to its clients.</summary>
/// <param name="Message">What they are told; null for the gateway's own text.</param>
/// <param name="RetryAfter">When they should try again, in seconds.</param>
/// <param name="Since">When it was closed (UTC).</param>
/// <param name="Actor">Who has closed it.</param>
internal sealed record MaintenanceState(string? Message, int RetryAfter, DateTimeOffset Since, string Actor)
{
    /// <summary>What the routing table holds of it.</summary>
    public Maintenance ToRoute() => new(Message, RetryAfter);
}

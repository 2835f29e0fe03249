namespace BlueGreen.ReverseProxy.Slots;

/// <summary>A service is closed to its clients: they get 503 with this.</summary>
/// <param name="Message">What they are told; null for a text of the gateway's.</param>
/// <param name="RetryAfterSeconds">When they should try again.</param>
internal sealed record Maintenance(string? Message, int RetryAfterSeconds);

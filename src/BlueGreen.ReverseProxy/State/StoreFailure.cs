namespace BlueGreen.ReverseProxy.State;

/// <summary>Why the state can't be stored, as of the last try.</summary>
/// <param name="Message">What the last try met. May name paths: for callers with a role only.</param>
/// <param name="Since">Since the first try that failed (UTC).</param>
internal sealed record StoreFailure(string Message, DateTimeOffset Since);

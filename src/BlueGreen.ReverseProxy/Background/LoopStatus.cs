namespace BlueGreen.ReverseProxy.Background;

/// <summary>How a background loop is doing.</summary>
/// <param name="Kind">What it does, such as <c>hooks</c>.</param>
/// <param name="Name">The kind with what it does it for, such as <c>hooks/ci</c>.</param>
/// <param name="IsRestarting">Whether it has failed and waits to be started again.</param>
/// <param name="Failures">How often it has failed.</param>
/// <param name="LastError">Type and message of the last exception. May name addresses and paths: for callers with a role only.</param>
/// <param name="Since">Since when it runs, or waits.</param>
internal sealed record LoopStatus(string Kind, string Name, bool IsRestarting, long Failures, string? LastError, DateTimeOffset Since);

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>One gateway, configured as <see cref="Edge"/> does it, for all those tests of a class that leave it as it was.</summary>
public sealed class SharedEdge : IAsyncLifetime
{
    internal Edge Http1 { get; private set; } = null!;

    public async Task InitializeAsync() => Http1 = await Edge.HostAsync();

    public Task DisposeAsync() => Http1.DisposeAsync().AsTask();
}

/// <summary>The same over HTTP/2.</summary>
public sealed class SharedHttp2Edge : IAsyncLifetime
{
    internal Edge Http2 { get; private set; } = null!;

    public async Task InitializeAsync() => Http2 = await Edge.HostAsync("Http2");

    public Task DisposeAsync() => Http2.DisposeAsync().AsTask();
}

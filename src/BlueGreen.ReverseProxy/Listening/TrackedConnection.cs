using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>A client's connection, and whether it carries a request; a feature of the connection, and so of its requests.</summary>
internal sealed class TrackedConnection(ConnectionContext connection, ListenOptions listen)
{
    private int _requests;
    private bool _upgrades;

    public bool IsBusy => Volatile.Read(ref _requests) > 0;

    /// <summary>Whether it carries, or is about to carry, something other than HTTP. The server's way to close it would cut that.</summary>
    public bool Upgrades
    {
        get => Volatile.Read(ref _upgrades);
        set => Volatile.Write(ref _upgrades, value);
    }

    public bool IsHttp2 => connection.Features.Get<ISslStreamFeature>() is { } tls
        ? tls.SslStream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2
        : listen.Protocols == HttpProtocols.Http2;

    /// <remarks>A full fence: whoever reads afterwards whether the gateway is about to stop reads it after the connection has become busy.</remarks>
    public void Begin() => Interlocked.Increment(ref _requests);

    public void End() => Interlocked.Decrement(ref _requests);

    public void Abort() => connection.Abort(new ConnectionAbortedException("The gateway stops."));

    public void RequestClose() => connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
}

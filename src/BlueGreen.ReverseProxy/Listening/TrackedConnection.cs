using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>A client's connection, and whether it carries a request; a feature of the connection, and so of its requests.</summary>
internal sealed class TrackedConnection(ConnectionContext connection, ListenOptions listen, Listeners listeners)
{
    private int _requests;
    private long _lastUsed;

    public bool IsBusy => Volatile.Read(ref _requests) > 0;

    /// <summary>When a request on it last ended, once the gateway is about to stop; 0 for none.</summary>
    public long LastUsed => Volatile.Read(ref _lastUsed);

    public bool IsHttp2 => connection.Features.Get<ISslStreamFeature>() is { } tls
        ? tls.SslStream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2
        : listen.Protocols == HttpProtocols.Http2;

    public void Begin() => Interlocked.Increment(ref _requests);

    public void End()
    {
        // In this order: a reader that sees the connection idle sees since when.
        if (listeners.IsClosing)
        {
            Volatile.Write(ref _lastUsed, listeners.Now);
        }

        Interlocked.Decrement(ref _requests);
    }

    public void Abort() => connection.Abort(new ConnectionAbortedException("The gateway stops."));

    public void RequestClose() => connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
}

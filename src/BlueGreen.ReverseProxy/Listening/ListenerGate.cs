using System.Net;
using Microsoft.AspNetCore.Connections;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>A listener whose accepting can end before the server stops: to the server it looks as if nobody connected any more.</summary>
internal sealed class ListenerGate(IConnectionListener inner) : IConnectionListener
{
    public EndPoint EndPoint => inner.EndPoint;

    // A listener that is unbound while it accepts answers null, and the server's loop for it ends in good order.
    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => inner.AcceptAsync(cancellationToken);

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    public ValueTask CloseAsync(CancellationToken cancellationToken) => inner.UnbindAsync(cancellationToken);
}

/// <summary>Puts a <see cref="ListenerGate"/> before each listener of the transport.</summary>
internal sealed class ListenerGateFactory(IConnectionListenerFactory inner, Listeners listeners) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        listeners.Gate(await inner.BindAsync(endpoint, cancellationToken));

    public bool CanBind(EndPoint endpoint) => inner is not IConnectionListenerFactorySelector selector || selector.CanBind(endpoint);
}

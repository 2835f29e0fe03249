using System.Net;
using Microsoft.AspNetCore.Connections;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Tells <see cref="Listeners"/> of each listener that the transport opens.</summary>
internal sealed class RememberingListenerFactory(IConnectionListenerFactory inner, Listeners listeners) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        listeners.Remember(await inner.BindAsync(endpoint, cancellationToken));

    public bool CanBind(EndPoint endpoint) => inner is not IConnectionListenerFactorySelector selector || selector.CanBind(endpoint);
}

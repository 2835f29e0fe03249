using System.Net.Sockets;
using BlueGreen.ReverseProxy.Listening;

namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>Opens the connections to destinations for proxied requests: as many as there are file descriptors for.</summary>
internal sealed class TrafficConnector(DestinationConnector connector, DescriptorBudget budget)
{
    /// <summary>Connects, unless no descriptor is left.</summary>
    /// <exception cref="IOException">None is left.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        if (!budget.TryTake())
        {
            throw new IOException($"No file descriptor is left for a connection to {context.DnsEndPoint.Host}:{context.DnsEndPoint.Port}: all {budget.Total} that the limit of open files leaves to traffic are in use.");
        }

        try
        {
            return new CountedStream(await connector.ConnectSocketAsync(context, cancellationToken), budget);
        }
        catch
        {
            budget.GiveBack();
            throw;
        }
    }

    private sealed class CountedStream(Socket socket, DescriptorBudget budget) : NetworkStream(socket, ownsSocket: true)
    {
        private int _given;

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (Interlocked.Exchange(ref _given, 1) == 0)
            {
                budget.GiveBack();
            }
        }
    }
}

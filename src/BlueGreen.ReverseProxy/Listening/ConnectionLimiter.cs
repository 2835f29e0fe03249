using System.Collections.Concurrent;
using System.Net;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Counts the open connections, in all and a client address, and says which one is too many.</summary>
/// <remarks>
/// Both counts are taken before they are compared, and given back by a refused connection; so of any number of connections that come in
/// at the same moment no more are let in than the limit says.
/// </remarks>
internal sealed partial class ConnectionLimiter(CurrentOptions options, DescriptorBudget budget, TimeProvider time, ILogger<ConnectionLimiter> logger)
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<IPAddress, int> _byAddress = new();
    private int _open;
    private long _refused;
    private long _unlogged;
    private long _lastLine = long.MinValue;

    /// <summary>How many connections were closed because there were too many.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Client addresses with an open connection that counts.</summary>
    public int Addresses => _byAddress.Count;

    /// <summary>Registers a connection.</summary>
    /// <param name="remote">The client.</param>
    /// <param name="registration">Release it when the connection has ended.</param>
    /// <returns>False when a limit is reached; then there is nothing to release.</returns>
    public bool TryEnter(EndPoint? remote, out Registration registration)
    {
        registration = default;
        var total = options.Value.Listen.MaxConnections;
        var open = Interlocked.Increment(ref _open);
        if (open > total && total > 0)
        {
            Interlocked.Decrement(ref _open);
            Refuse($"{Counted.Of(total, "connection")} {(total == 1 ? "is" : "are")} open, which is BlueGreen:Listen:MaxConnections");
            return false;
        }

        if (open > budget.Connections || !budget.TryTake())
        {
            Interlocked.Decrement(ref _open);
            Refuse($"{Counted.Of(open - 1, "connection")} {(open == 2 ? "is" : "are")} open, and no file descriptor is left for one more: raise the limit of open files");
            return false;
        }

        var (client, limit) = ClientOf(remote);
        if (client is not null && _byAddress.AddOrUpdate(client, 1, static (_, count) => count + 1) > limit)
        {
            Release(client);
            Refuse($"{client} has {Counted.Of(limit, "connection")} open, which is BlueGreen:Listen:MaxConnectionsPerAddress (if it is a proxy of yours, name it in BlueGreen:Forwarding:TrustedProxies)");
            return false;
        }

        registration = new(client);
        return true;
    }

    /// <summary>The connection has ended.</summary>
    public void Release(Registration registration) => Release(registration.Client);

    private (IPAddress? Client, int Limit) ClientOf(EndPoint? remote)
    {
        var limit = options.Value.Listen.MaxConnectionsPerAddress;
        if (limit == 0 || remote is not IPEndPoint { Address: var address })
        {
            return default;
        }

        // A proxy speaks for many clients and has as many connections.
        address = NetworkSet.Plain(address);
        return options.Value.Forwarding.TrustedProxies.Contains(address) || (limit is null && IPAddress.IsLoopback(address))
            ? default
            : (NetworkSet.OfClient(address), limit ?? ListenerOptions.DefaultMaxConnectionsPerAddress);
    }

    private void Release(IPAddress? client)
    {
        Interlocked.Decrement(ref _open);
        budget.GiveBack();
        while (client is not null && _byAddress.TryGetValue(client, out var count))
        {
            // Removed only if unchanged since it was read; otherwise it is read again.
            if (count == 1 ? _byAddress.TryRemove(new(client, count)) : _byAddress.TryUpdate(client, count - 1, count))
            {
                return;
            }
        }
    }

    private void Refuse(string reason)
    {
        Interlocked.Increment(ref _refused);
        Interlocked.Increment(ref _unlogged);
        var last = Interlocked.Read(ref _lastLine);
        var now = time.GetTimestamp();
        if ((last == long.MinValue || time.GetElapsedTime(last, now) >= BetweenLines) && Interlocked.CompareExchange(ref _lastLine, now, last) == last)
        {
            LogRefused(logger, Interlocked.Exchange(ref _unlogged, 0), reason);
        }
    }

    /// <summary>A connection's registration.</summary>
    /// <param name="Client">Where it is counted; null for one that counts for the total only.</param>
    internal readonly record struct Registration(IPAddress? Client);

    [LoggerMessage(7001, LogLevel.Warning, "Closed {Count} new connections: {Reason}.")]
    private static partial void LogRefused(ILogger logger, long count, string reason);
}

using BlueGreen.ReverseProxy.Admin.Access;
using Microsoft.AspNetCore.Connections;

namespace BlueGreen.ReverseProxy.Admin.Connections;

/// <summary>
/// The admin listener's connections, of which there are at most <paramref name="limit"/>. A new connection over the limit gets its
/// place from another one that carries no accepted request, so connections that do nothing lock nobody out.
/// </summary>
/// <remarks>
/// <para>
/// A connection is held by accepted requests only: those whose caller was let in. Silent connections, half a request head, requests
/// without a valid token and answers that nobody reads hold nothing, however long they last. The client with the most connections
/// that are not held loses its oldest one, so a client with many never displaces one with few.
/// </para>
/// <para>
/// If every connection is held, the oldest one with nothing but event streams goes: its client reconnects and resumes after the last
/// event. Only accepted calls in progress, as many as the limit says, keep a new connection out.
/// </para>
/// <para>
/// The interleaving: a connection is chosen to be displaced at the moment at which its request is let in. Both happen under the lock.
/// Either the request holds the connection first, and another one is chosen; or the connection has been displaced, and
/// <see cref="AdminConnection.TryHold"/> says so before the request has done anything. So no order takes effect whose connection was
/// displaced before.
/// </para>
/// <para>
/// A place is free at once, and its descriptor a moment later, when the server has closed the socket. The descriptors that the
/// gateway keeps in reserve are for that.
/// </para>
/// </remarks>
internal sealed class AdminConnections(int limit, TimeProvider time)
{
    /// <summary>How long a connection may take until its first request head has come, TLS handshake included.</summary>
    public static readonly TimeSpan FirstRequestTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();

    // Oldest first.
    private readonly LinkedList<AdminConnection> _open = [];
    private int _streams;

    /// <summary>How many event streams there may be at once: half of the limit, so that calls always have room.</summary>
    public int MaxStreams => Math.Max(1, limit / 2);

    /// <summary>How many connections are open.</summary>
    public int Open
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Runs a connection from its start to its end; the connection is a feature of its requests.</summary>
    public async Task TrackAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var entry = new AdminConnection(this, connection, ClientNetwork.Of((connection.RemoteEndPoint as System.Net.IPEndPoint)?.Address));
        if (!TryEnter(entry, out var displaced))
        {
            connection.Abort(new ConnectionAbortedException("Every connection of the admin API carries a call."));
            return;
        }

        displaced?.Abort("The connection carried no call, and another client needed its place.");
        connection.Features.Set(entry);
        await using var timer = time.CreateTimer(
            static state => ((AdminConnection)state!).AbortUnlessUsed(), entry, FirstRequestTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            await next(connection);
        }
        finally
        {
            lock (_lock)
            {
                Remove(entry);
            }
        }
    }

    /// <summary>Takes a place for an event stream, to be given back by <see cref="EndStream"/>.</summary>
    /// <param name="connection">The stream's connection, where the server is the gateway's own.</param>
    /// <returns>False if there are as many streams as there may be.</returns>
    public bool TryBeginStream(AdminConnection? connection)
    {
        lock (_lock)
        {
            if (_streams >= MaxStreams)
            {
                return false;
            }

            _streams++;
            if (connection is not null)
            {
                connection.Streams++;
            }

            return true;
        }
    }

    public void EndStream(AdminConnection? connection)
    {
        lock (_lock)
        {
            _streams--;
            if (connection is not null)
            {
                connection.Streams--;
            }
        }
    }

    /// <summary>Lets an accepted request hold its connection.</summary>
    public bool TryHold(AdminConnection connection)
    {
        lock (_lock)
        {
            if (connection.Place is null)
            {
                return false;
            }

            connection.Accepted++;
            return true;
        }
    }

    public void Release(AdminConnection connection)
    {
        lock (_lock)
        {
            connection.Accepted--;
        }
    }

    private bool TryEnter(AdminConnection entry, out AdminConnection? displaced)
    {
        lock (_lock)
        {
            displaced = null;
            if (_open.Count >= limit)
            {
                displaced = FindIdle() ?? _open.FirstOrDefault(connection => connection.Accepted == connection.Streams);
                if (displaced is null)
                {
                    return false;
                }

                Remove(displaced);
            }

            entry.Place = _open.AddLast(entry);
            return true;
        }
    }

    private AdminConnection? FindIdle() => _open
        .Where(connection => connection.Accepted == 0)
        .GroupBy(connection => connection.Client)
        .MaxBy(connections => connections.Count())?
        .First();

    private void Remove(AdminConnection entry)
    {
        if (entry.Place is { } place)
        {
            _open.Remove(place);
            entry.Place = null;
        }
    }
}

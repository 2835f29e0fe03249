using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>The listeners for proxied traffic: they can stop to accept while everything that they have accepted goes on.</summary>
internal sealed class Listeners(BlueGreenOptions options, ConnectionLimiter limiter)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly ConcurrentBag<IConnectionListener> _listeners = [];
    private readonly ConcurrentDictionary<TrackedConnection, byte> _connections = new();
    private bool _closing;

    /// <summary>Whether any connection carries a request.</summary>
    public bool AreBusy => _connections.Keys.Any(connection => connection.IsBusy);

    /// <summary>Open connections.</summary>
    public int Connections => _connections.Count;

    /// <summary>Whether connections are to be closed as soon as what they carry is done.</summary>
    public bool IsClosing => Volatile.Read(ref _closing);

    /// <summary>Whether another process may be listening on the same sockets or ports.</summary>
    public bool AreShared => options.Listen.ReusePort || ActivatedSockets.Any;

    /// <summary>Creates the socket of an endpoint; Kestrel calls it.</summary>
    public Socket Bind(EndPoint endpoint)
    {
        var socket = ListeningSocket.Bind(endpoint, options.Listen);
        _sockets.Add(socket);
        return socket;
    }

    /// <summary>Remembers a listener, to have it stop to accept before the server stops.</summary>
    public IConnectionListener Remember(IConnectionListener listener)
    {
        _listeners.Add(listener);
        return listener;
    }

    public async Task TrackAsync(ConnectionContext connection, ListenOptions listen, ConnectionDelegate next)
    {
        if (!limiter.TryEnter(connection.RemoteEndPoint, out var place))
        {
            // Before anything was read of it or agreed with it: that is what makes refusing cheap, with TLS too.
            connection.Abort(new ConnectionAbortedException("There are too many connections."));
            return;
        }

        var tracked = new TrackedConnection(connection, listen);
        connection.Features.Set(tracked);
        _connections.TryAdd(tracked, 0);
        try
        {
            await next(connection);
        }
        finally
        {
            _connections.TryRemove(tracked, out _);
            limiter.Leave(place);
        }
    }

    /// <summary>Sends what comes in from now on to the other process that listens on the same port, where that is how it is shared.</summary>
    public void Steer()
    {
        foreach (var socket in _sockets)
        {
            ListeningSocket.SteerToTheOther(socket);
        }
    }

    /// <summary>No connection is accepted any more.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _closing, true);
        foreach (var listener in _listeners)
        {
            // One that is unbound while it accepts answers null, and the server's loop for it ends in good order.
            await listener.UnbindAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Tells clients to go elsewhere, as far as that fails no request. HTTP/2: GOAWAY says which requests were still taken.
    /// HTTP/1.1: a connection with a request on it is closed after the answer, which says so. One without is left alone: if it were
    /// closed while its client sends a request, that request would fail. It is answered with <c>Connection: close</c> when it is used.
    /// </summary>
    public void SayGoodbye()
    {
        foreach (var (connection, _) in _connections)
        {
            if (connection.IsHttp2 || (connection.IsBusy && !connection.Upgrades))
            {
                connection.RequestClose();
            }
        }
    }

    /// <summary>Closes what is left: in good order, and then, for clients that do not take part in that, in any.</summary>
    /// <param name="patience">How long the good order may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the patience.</param>
    public async Task EndConnectionsAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var (connection, _) in _connections)
        {
            connection.RequestClose();
        }

        for (var since = time.GetTimestamp(); !_connections.IsEmpty && time.GetElapsedTime(since) < patience && !cancellationToken.IsCancellationRequested;)
        {
            await Task.Delay(Look, time, CancellationToken.None);
        }

        foreach (var (connection, _) in _connections)
        {
            connection.Abort();
        }
    }
}

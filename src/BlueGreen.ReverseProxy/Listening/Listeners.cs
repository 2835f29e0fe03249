using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>The listeners for proxied traffic: they can stop accepting while everything that they have accepted goes on.</summary>
internal sealed class Listeners(BlueGreenOptions options, ConnectionLimiter limiter, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly ConcurrentBag<IConnectionListener> _listeners = [];
    private readonly ConcurrentDictionary<TrackedConnection, byte> _connections = new();
    private long _closingSince;
    private bool _closing;

    /// <summary>Open connections.</summary>
    public int Connections => _connections.Count;

    /// <summary>Whether connections are to be closed as soon as what they carry is done.</summary>
    public bool IsClosing => Volatile.Read(ref _closing);

    /// <summary>By the monotonic clock that <see cref="AreInUse"/> reads.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>Whether another process may be listening on the same sockets or ports.</summary>
    public bool AreShared => options.Listen.ReusePort || ActivatedSockets.Any;

    /// <summary>Creates the socket of an endpoint; Kestrel calls it.</summary>
    public Socket Bind(EndPoint endpoint)
    {
        // The server closes the sockets of endpoints that were taken out of the configuration, and opens others.
        foreach (var closed in _sockets.Keys.Where(IsClosed))
        {
            _sockets.TryRemove(closed, out _);
        }

        var socket = ListeningSocket.Bind(endpoint, options.Listen);
        _sockets.TryAdd(socket, 0);
        return socket;
    }

    /// <summary>Remembers a listener, so that it can stop accepting before the server stops.</summary>
    public IConnectionListener Remember(IConnectionListener listener)
    {
        _listeners.Add(listener);
        return listener;
    }

    public async Task TrackAsync(ConnectionContext connection, ListenOptions listen, ConnectionDelegate next)
    {
        if (!limiter.TryEnter(connection.RemoteEndPoint, out var registration))
        {
            // Before anything was read of it or agreed with it: that is what makes refusing cheap, with TLS too.
            connection.Abort(new ConnectionAbortedException("There are too many connections."));
            return;
        }

        var tracked = new TrackedConnection(connection, listen, this);
        connection.Features.Set(tracked);
        _connections.TryAdd(tracked, 0);
        try
        {
            await next(connection);
        }
        finally
        {
            _connections.TryRemove(tracked, out _);
            limiter.Release(registration);
        }
    }

    /// <summary>Sends new connections to the other process that listens on the same port, if the port is shared that way.</summary>
    /// <exception cref="AggregateException">Some sockets could not be set; all of them were tried.</exception>
    public void RedirectNewConnections()
    {
        var failures = new List<Exception>();
        foreach (var socket in _sockets.Keys)
        {
            try
            {
                ListeningSocket.RedirectToOtherListener(socket);
            }
            catch (ObjectDisposedException)
            {
                // Its endpoint was taken out of the configuration: nothing comes in there.
            }
            catch (SocketException exception)
            {
                failures.Add(exception);
            }
        }

        ThrowIfAny(failures);
    }

    /// <summary>No connection is accepted any more. May be called again.</summary>
    /// <exception cref="AggregateException">Some listeners could not be closed; all of them were tried.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (!IsClosing)
        {
            _closingSince = time.GetTimestamp();
            Volatile.Write(ref _closing, true);
        }

        var failures = new List<Exception>();
        foreach (var listener in _listeners)
        {
            try
            {
                // One that is unbound while it accepts answers null, and the server's loop for it ends in good order.
                await listener.UnbindAsync(cancellationToken);
            }
#pragma warning disable CA1031 // Thrown below: one that fails must not keep the others open.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failures.Add(exception);
            }
        }

        ThrowIfAny(failures);
    }

    /// <summary>
    /// Asks an HTTP/1.1 client to close the connection after this answer, once the gateway is about to stop. Call before the answer begins.
    /// </summary>
    /// <remarks>
    /// The interleaving: the gateway decides to stop when the head of an answer, without the word, is already on its way. The client
    /// is free to send its next request on that connection, and a connection closed at that moment fails it. So nothing but an answer
    /// that says so ends a connection of HTTP/1.1; one that said nothing counts as idle and is told with its next request.
    /// An upgrade has a <c>Connection</c> header of its own, and a WebSocket is told by a close frame.
    /// </remarks>
    public void AnnounceClose(HttpContext context)
    {
        if (IsClosing && HttpProtocol.IsHttp11(context.Request.Protocol) && context.Request.Headers.Upgrade.Count == 0)
        {
            context.Response.Headers.Connection = "close";
        }
    }

    /// <summary>Whether any connection carries a request, or its client had less time than this to use it again and learn of the stop.</summary>
    /// <param name="idleTimeout">Since the listeners were closed, or since the last request on it ended, whichever is later.</param>
    public bool AreInUse(TimeSpan idleTimeout) => _connections.Keys.Any(connection =>
        connection.IsBusy || time.GetElapsedTime(Math.Max(_closingSince, connection.LastUsed)) < idleTimeout);

    /// <summary>
    /// Tells HTTP/2 clients to connect elsewhere: GOAWAY says which requests were still accepted, so it fails none. HTTP/1.1 connections
    /// are left alone, busy or idle: see <see cref="AnnounceClose"/>.
    /// </summary>
    public void SendGoAway()
    {
        foreach (var (connection, _) in _connections)
        {
            if (connection.IsHttp2)
            {
                connection.RequestClose();
            }
        }
    }

    /// <summary>Closes the remaining connections gracefully, and aborts those whose clients take too long.</summary>
    /// <param name="timeout">How long the graceful close may take.</param>
    /// <param name="cancellationToken">Aborts at once.</param>
    public async Task EndConnectionsAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        foreach (var (connection, _) in _connections)
        {
            connection.RequestClose();
        }

        for (var since = time.GetTimestamp(); !_connections.IsEmpty && time.GetElapsedTime(since) < timeout && !cancellationToken.IsCancellationRequested;)
        {
            await Task.Delay(PollInterval, time, CancellationToken.None);
        }

        foreach (var (connection, _) in _connections)
        {
            connection.Abort();
        }
    }

    private static void ThrowIfAny(List<Exception> failures)
    {
        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    // A socket says so by nothing else.
    private static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.LocalEndPoint is null;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }
}

using BlueGreen.ReverseProxy.Admin.Access;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Admin.Connections;

/// <summary>One connection of the admin listener; a feature of the connection, and so of its requests.</summary>
internal sealed class AdminConnection(AdminConnections all, ConnectionContext connection, ClientNetwork client)
{
    private bool _isUsed;

    public ClientNetwork Client => client;

    /// <summary>Its place among the open ones; null once it was displaced or has ended. Like the counts, for <see cref="AdminConnections"/>, under its lock.</summary>
    public LinkedListNode<AdminConnection>? Place { get; set; }

    /// <summary>How many accepted requests are in progress: several over HTTP/2.</summary>
    public int Accepted { get; set; }

    /// <summary>How many of those are event streams.</summary>
    public int Streams { get; set; }

    /// <summary>Call this when a request has come, whoever sent it.</summary>
    public void Use() => Volatile.Write(ref _isUsed, true);

    /// <summary>Call this for a request whose caller was let in: it holds the connection until its answer was handed over.</summary>
    /// <returns>False if the connection was displaced before: the request must not be carried out.</returns>
    public bool TryHold(HttpContext context)
    {
        if (!all.TryHold(this))
        {
            return false;
        }

        context.Response.OnCompleted(static state =>
        {
            var held = (AdminConnection)state;
            held.Release();
            return Task.CompletedTask;
        }, this);
        return true;
    }

    public void Abort(string reason) => connection.Abort(new ConnectionAbortedException(reason));

    public void AbortUnlessUsed()
    {
        if (!Volatile.Read(ref _isUsed))
        {
            Abort("No request has come.");
        }
    }

    private void Release() => all.Release(this);
}

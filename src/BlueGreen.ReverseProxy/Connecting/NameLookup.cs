using System.Net;

namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>Asks for the addresses of a host name. Throws when there is no answer.</summary>
internal delegate Task<IPAddress[]> NameLookup(string host);

/// <summary>The system's own resolver: <c>/etc/hosts</c>, DNS and whatever else it is configured for.</summary>
internal static class SystemNames
{
    // The system's resolver blocks its thread, for half a minute when no name server answers. On a thread of its own it takes none
    // from the pool, which serves the requests.
#pragma warning disable MA0045, VSTHRD103 // See above: the asynchronous overload blocks a thread of the pool instead.
    public static Task<IPAddress[]> LookUpAsync(string host) => Task.Factory.StartNew(
        static state => Dns.GetHostAddresses((string)state!),
        host,
        CancellationToken.None,
        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Default);
#pragma warning restore MA0045, VSTHRD103
}

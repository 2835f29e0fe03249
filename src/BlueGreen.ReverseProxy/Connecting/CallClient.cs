namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>Makes the clients of calls that leave the fleet, such as those of hooks and queries.</summary>
internal static class CallClient
{
    /// <summary>
    /// A client that follows no redirect, keeps no cookie, and looks a host's name up again after a minute. Each call has its own limit of time,
    /// and no trace of a request that happens to be served meanwhile.
    /// </summary>
    public static HttpClient Create() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ActivityHeadersPropagator = null,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
}

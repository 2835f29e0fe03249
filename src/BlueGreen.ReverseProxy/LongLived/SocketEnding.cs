namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>Which side has ended a WebSocket, as far as its frames show.</summary>
internal enum SocketEnding
{
    /// <summary>No frame says so: the connection broke off.</summary>
    Unclean = 0,

    /// <summary>The client has sent a close frame first, or its connection has ended first.</summary>
    ByClient = 1,

    /// <summary>The gateway has closed it, for a drain.</summary>
    ByGateway = 2,

    /// <summary>The API has sent a close frame first.</summary>
    ByApi = 3,

    /// <summary>The API has sent a close frame first that says that it has failed.</summary>
    ByFailedApi = 4,
}

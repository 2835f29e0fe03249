namespace BlueGreen.ReverseProxy.Observability;

/// <summary>What the end of a WebSocket says of the API.</summary>
internal enum WebSocketEnding : byte
{
    /// <summary>Nothing: it is no WebSocket, or the gateway has closed it.</summary>
    NotJudged = 0,

    /// <summary>The client has ended it, or the API in an orderly way.</summary>
    Good = 1,

    /// <summary>The API broke off without a close frame, or said that it has failed.</summary>
    Broken = 2,
}

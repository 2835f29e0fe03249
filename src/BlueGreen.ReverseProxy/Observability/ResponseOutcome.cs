namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Whose fault it is that a request was not forwarded to its end.</summary>
internal enum Fault : byte
{
    /// <summary>It was.</summary>
    None = 0,

    /// <summary>The destination could not be reached, broke off, sent what is no HTTP, or was too slow.</summary>
    Destination = 1,

    /// <summary>The client went away or broke off.</summary>
    Client = 2,

    /// <summary>The gateway ended it: at a drain's deadline, or by a failure of its own.</summary>
    Gateway = 3,
}

/// <summary>How one response ended.</summary>
/// <param name="StatusCode">The status code that the client got, or would have got.</param>
/// <param name="Fault">Whose fault it is that it did not end well.</param>
/// <param name="Microseconds">From the choice of the slot to the start of the response, or to the client's going away before it.</param>
/// <param name="Begun">Whether the response has begun.</param>
/// <param name="Upgraded">Whether the connection was handed over (WebSockets): neither good nor bad, fast nor slow.</param>
/// <param name="Client">A number that stands for the client's address, see <see cref="ClientNumbers"/>.</param>
internal readonly record struct ResponseOutcome(int StatusCode, Fault Fault, long Microseconds, bool Begun, bool Upgraded, int Client)
{
    /// <summary>How a gRPC call has ended, <see cref="Configuration.GrpcStatusNames.Missing"/> for one that ended without a status; null for anything else.</summary>
    public byte? GrpcStatus { get; init; }

    /// <summary>What stands for its route, or whatever else requests are told apart by: see <see cref="StratumNames"/>.</summary>
    public byte Stratum { get; init; }

    /// <summary>The id of the destination that has answered, or should have; null for none.</summary>
    public string? Destination { get; init; }

    /// <summary>How a WebSocket has ended; <see cref="WebSocketEnding.NotJudged"/> for anything else.</summary>
    public WebSocketEnding WebSocket { get; init; }

    /// <summary>
    /// Whether the API is to be judged by it: a client that goes away before the response began, and a gateway that gives up, say
    /// nothing about it. A client that goes away later, as every reader of an endless stream does, leaves a status code behind.
    /// </summary>
    public bool IsTrial => !Upgraded && (Fault is Fault.None or Fault.Destination || (Fault == Fault.Client && Begun));

    /// <summary>Whether it says how slow the API is. A client that has waited in vain until it went away has been kept waiting at least so long.</summary>
    public bool IsLatency => !Upgraded && Fault != Fault.Gateway;
}

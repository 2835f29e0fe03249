namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>The gateway may not connect there; the message says which rule it is.</summary>
internal sealed class DestinationRefusedException(string message, bool isLoop = false) : IOException(message)
{
    /// <summary>Whether it is the gateway itself.</summary>
    public bool IsLoop => isLoop;
}

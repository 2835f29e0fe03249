namespace BlueGreen.AspNetCore;

/// <summary>
/// Says whether the code runs for a mirrored request: a copy of a client's request that the gateway sends to the standby, and whose answer
/// nobody gets. Ask it before you send mail, charge a card, or do anything else that must not happen twice. A singleton; in your tests,
/// implement it yourself.
/// </summary>
public interface IMirroredRequest
{
    /// <summary>
    /// Whether the current request is a copy, by a mark that only the gateway can make. False for any other request, whatever its header
    /// says, and outside of requests. Never throws.
    /// </summary>
    /// <remarks>
    /// The value goes with the flow of execution: also into tasks that the request starts, for one minute after it has ended. It does not
    /// go through queues: put it into the message.
    /// </remarks>
    public bool IsMirrored { get; }
}

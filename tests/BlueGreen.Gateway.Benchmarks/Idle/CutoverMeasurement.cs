namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>A cutover with WebSockets open.</summary>
/// <param name="Connections">How many were open.</param>
/// <param name="Drain">From the switch until the old slot was drained, by the gateway's own times.</param>
/// <param name="Aborted">How many the gateway says it has cut off.</param>
/// <param name="Departures">How they ended, seen from the clients.</param>
/// <param name="Processor">The gateway's processor time meanwhile.</param>
internal sealed record CutoverMeasurement(int Connections, TimeSpan Drain, long Aborted, Departures Departures, TimeSpan Processor)
{
    /// <summary>Every client has been told, in an orderly way.</summary>
    public bool IsOrderly => Aborted == 0 && Departures.ServiceRestart == Connections;
}

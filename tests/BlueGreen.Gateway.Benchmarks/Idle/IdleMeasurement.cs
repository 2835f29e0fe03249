namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>What the idle connections of one proxy cost it.</summary>
/// <param name="Connections">How many there were.</param>
/// <param name="ResidentBefore">Resident memory before, after a few connections had come and gone.</param>
/// <param name="ResidentOpen">Resident memory at the end of the idle time.</param>
/// <param name="LivePerConnection">Managed bytes in use for each, after a collection; null where the proxy can't be asked.</param>
/// <param name="ProcessorOpening">Processor time to open them all, one message or request each included.</param>
/// <param name="ProcessorIdle">Processor time while they were idle.</param>
internal sealed record IdleMeasurement(
    int Connections, long ResidentBefore, long ResidentOpen, double? LivePerConnection, TimeSpan ProcessorOpening, TimeSpan ProcessorIdle)
{
    public double ResidentPerConnection => (double)(ResidentOpen - ResidentBefore) / Connections;
}

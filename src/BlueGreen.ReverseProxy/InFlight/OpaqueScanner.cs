namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>For what can't be looked into, such as a compressed stream of events: whatever arrives in one piece is taken for whole.</summary>
internal sealed class OpaqueScanner : IMessageScanner
{
    public bool IsBetweenMessages => true;

    public int Scan(ReadOnlySpan<byte> data) => data.Length;
}

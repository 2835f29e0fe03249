namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>For content that can't be parsed, such as a compressed event stream: each piece that arrives counts as a whole message.</summary>
internal sealed class OpaqueScanner : IMessageScanner
{
    public bool IsBetweenMessages => true;

    public int Scan(ReadOnlySpan<byte> data) => data.Length;
}

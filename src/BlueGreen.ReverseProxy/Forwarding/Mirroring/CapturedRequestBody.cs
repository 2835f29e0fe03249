using BlueGreen.ReverseProxy.LongLived;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>The body of a request that is copied while the proxy reads it, at the proxy's pace.</summary>
internal sealed class CapturedRequestBody(Stream inner, MirrorExchange exchange) : PassThroughStream(inner)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await Inner.ReadAsync(buffer, cancellationToken);
        if (read > 0)
        {
            exchange.AddToRequest(buffer.Span[..read]);
        }
        else if (!buffer.IsEmpty)
        {
            exchange.CompleteRequest();
        }

        return read;
    }
}

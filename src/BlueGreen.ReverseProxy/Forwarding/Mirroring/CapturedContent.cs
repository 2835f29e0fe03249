using System.Net;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Mirroring;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>The body of the active slot's answer, which is kept while the proxy passes it on, at the client's pace.</summary>
internal sealed class CapturedContent(HttpContent inner, BodyCapture capture) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new BodyStream(await inner.ReadAsStreamAsync(cancellationToken), capture);

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    // The proxy reads bodies as streams only.
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class BodyStream(Stream inner, BodyCapture capture) : PassThroughStream(inner)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await Inner.ReadAsync(buffer, cancellationToken);
            if (read > 0)
            {
                capture.Add(buffer.Span[..read]);
            }
            else if (!buffer.IsEmpty)
            {
                capture.Complete();
            }

            return read;
        }
    }
}

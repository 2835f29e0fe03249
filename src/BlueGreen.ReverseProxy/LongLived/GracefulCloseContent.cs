using System.Net;

namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>The body of a response that can be closed gracefully: it then ends early, between two messages, as if the API had ended it.</summary>
/// <param name="inner">The API's body.</param>
/// <param name="scanner">Finds the ends of messages.</param>
/// <param name="waitsForPause">Whether closing waits for a pause; see <see cref="GracefulCloseReader"/>.</param>
/// <param name="opened">Called with the reader when the proxy begins to read.</param>
/// <param name="time">The clock.</param>
internal sealed class GracefulCloseContent(
    HttpContent inner, IMessageScanner scanner, bool waitsForPause, Action<GracefulCloseReader> opened, TimeProvider time) : HttpContent
{
    /// <summary>Whether the gateway has ended it.</summary>
    public bool IsClosedByGateway { get; private set; }

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
    {
        var stream = await inner.ReadAsStreamAsync(cancellationToken);
        var reader = new GracefulCloseReader(stream, scanner, waitsForPause, time);
        opened(reader);
        return new BodyStream(stream, reader, this);
    }

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

    private sealed class BodyStream(Stream inner, GracefulCloseReader reader, GracefulCloseContent content) : PassThroughStream(inner)
    {
        private bool _ready;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!content.IsClosedByGateway && !_ready)
            {
                _ready = await reader.WaitAsync(cancellationToken);
                content.IsClosedByGateway = !_ready;
                if (content.IsClosedByGateway)
                {
                    await reader.EndReadAsync();
                }
            }

            if (buffer.IsEmpty || content.IsClosedByGateway)
            {
                return 0;
            }

            _ready = false;
            return await reader.ReadAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                reader.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

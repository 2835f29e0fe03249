using System.Net;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>The body of a response that can be asked to leave: it then ends early, between two messages, as if the API had ended it.</summary>
internal sealed class DepartingContent(HttpContent inner, IMessageScanner scanner, SlotLease lease, TimeProvider time) : HttpContent
{
    /// <summary>Whether it has ended because it was asked to.</summary>
    public bool HasLeft { get; private set; }

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
    {
        var stream = await inner.ReadAsStreamAsync(cancellationToken);
        var reader = new DepartingReader(stream, scanner, waitsForPause: lease.IsGrpc, time);
        lease.Offer(reader);
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

    private sealed class BodyStream(Stream inner, DepartingReader reader, DepartingContent content) : PassingStream(inner)
    {
        private bool _ready;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!content.HasLeft && !_ready)
            {
                _ready = await reader.WaitAsync(cancellationToken);
                content.HasLeft = !_ready;
                if (content.HasLeft)
                {
                    await reader.EndReadAsync();
                }
            }

            if (buffer.IsEmpty || content.HasLeft)
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

using BlueGreen.ReverseProxy.Mirroring;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>
/// Takes the body of the standby's answer. Somewhat more than the limit is read and thrown away, so that the connection stays usable; a body
/// that goes on after that is given up, or a standby that never ends its answers would cost the gateway all it can read.
/// </summary>
/// <param name="capture">What is kept.</param>
/// <param name="most">How many bytes are read.</param>
/// <param name="giveUp">Ends the copy.</param>
internal sealed class CaptureStream(BodyCapture capture, long most, CancellationTokenSource giveUp) : Stream
{
    private long _read;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Take(buffer.AsSpan(offset, count));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Take(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Take(buffer.Span);
        return default;
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        capture.Add(bytes);
        var before = _read;
        _read += bytes.Length;
        if (before <= most && _read > most)
        {
            // On the pool: this is called by what it ends.
            _ = giveUp.CancelAsync();
        }
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>
/// The client's end of a proxied WebSocket. Bytes pass through unchanged until it is asked to close; then it does the closing
/// handshake with both sides, in an order that loses nothing.
/// </summary>
/// <remarks>
/// <para>
/// First the API: after the last whole message of the client it gets a close frame. Its remaining answers pass to the client; only its
/// own close frame is held back, and the client gets the gateway's instead. So everything that the API received is answered, and a
/// message that the client sends in that short time reaches nobody: the client may safely send it again after it has reconnected.
/// Closing the client's side first would have the API work on messages whose answers can't be delivered any more.
/// </para>
/// <para>
/// The proxy reads and writes from two loops, one each; the close frame to the client may come from either, so writes are guarded.
/// Everything that the client sends until its connection ends is read: a socket that is closed with unread data resets the
/// connection, and a reset can overtake the close frame.
/// </para>
/// </remarks>
internal sealed class GracefulCloseWebSocket : PassThroughStream
{
    private const byte FinalClose = 0x88;
    private const byte MaskBit = 0x80;
    private const int MaskBytes = 4;
    private const int DiscardBytes = 4096;

    // How long either side may take to answer a close frame.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly Stream _client;
    private readonly WebSocketScanner _fromClient = new();
    private readonly WebSocketScanner _fromApi = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TaskCompletionSource _clientClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GracefulCloseReader _reader;
    private readonly int _closeCode;
    private readonly TimeProvider _time;
    private readonly CancellationToken _deadline;
    private ReadOnlyMemory<byte> _toApi;
    private bool _ready;
    private bool _closing;
    private bool _finished;
    private bool _apiClosedFirst;
    private volatile bool _clientEnded;

    /// <summary>Creates the stream.</summary>
    /// <param name="client">The connection to the client, after its upgrade.</param>
    /// <param name="closeCode">The status code of the close frames.</param>
    /// <param name="time">The clock.</param>
    /// <param name="deadline">Raised when nothing can be waited for any more.</param>
    public GracefulCloseWebSocket(Stream client, int closeCode, TimeProvider time, CancellationToken deadline)
        : base(client)
    {
        _client = client;
        _closeCode = closeCode;
        _time = time;
        _deadline = deadline;
        _reader = new GracefulCloseReader(client, _fromClient, waitsForPause: true, time);
    }

    public GracefulCloseReader Reader => _reader;

    /// <summary>Which side has ended it. Ask when the proxy has stopped copying in both directions.</summary>
    public SocketEnding Ending => Volatile.Read(ref _closing) ? SocketEnding.ByGateway
        : _apiClosedFirst ? (IsFailure(_fromApi.CloseCode) ? SocketEnding.ByFailedApi : SocketEnding.ByApi)
        : _clientEnded || _fromClient.IsClosing ? SocketEnding.ByClient
        : SocketEnding.Unclean;

    /// <summary>From the client, for the API.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_closing && !_ready)
        {
            _ready = await _reader.WaitAsync(cancellationToken);
            if (!_ready)
            {
                _toApi = CloseFrame(_closeCode, RandomNumberGenerator.GetBytes(MaskBytes));
                Volatile.Write(ref _closing, true);
            }
        }

        if (_closing)
        {
            return _toApi.IsEmpty ? await FinishAsync(cancellationToken) : TakeCloseFrame(buffer);
        }

        if (buffer.IsEmpty)
        {
            return 0;
        }

        _ready = false;
        var read = await _reader.ReadAsync(buffer, cancellationToken);
        _clientEnded |= read == 0;
        return read;
    }

    /// <summary>From the API, for the client.</summary>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (_clientClosed.Task.IsCompleted && Volatile.Read(ref _closing))
            {
                return;
            }

            _reader.NoteActivity();
            _fromApi.Scan(buffer.Span, out var closeAt);
            if (closeAt >= 0 && Volatile.Read(ref _closing))
            {
                // The API's answer to the gateway's close frame; the client gets the gateway's reason, not the echo of it.
                await _client.WriteAsync(buffer[..closeAt], cancellationToken);
                await SendCloseFrameAsync(cancellationToken);
                return;
            }

            await _client.WriteAsync(buffer, cancellationToken);
            if (_fromApi.IsClosing)
            {
                // Both sides may close at once; then either is a true answer.
                _apiClosedFirst |= !_fromClient.IsClosing && !_clientEnded;
                // The API ends it by itself. It may do so in the very moment in which it is sent a close frame: then this is what
                // the client is told, and it is enough.
                _reader.CancelClose();
                _clientClosed.TrySetResult();
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _writing.Dispose();
            _reader.Dispose();
        }

        base.Dispose(disposing);
    }

    private int TakeCloseFrame(Memory<byte> buffer)
    {
        var length = Math.Min(buffer.Length, _toApi.Length);
        _toApi[..length].CopyTo(buffer);
        _toApi = _toApi[length..];
        return length;
    }

    // The API has been told. Ends, as the end of what the client has to say, when the client has been told too and has answered.
    // The proxy cancels its reading as soon as the API's connection has ended; the client still gets its time after that.
    private async ValueTask<int> FinishAsync(CancellationToken cancellationToken)
    {
        if (_finished)
        {
            return 0;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(_deadline);
        using var noAnswer = CancellationTokenSource.CreateLinkedTokenSource(_deadline, cancellationToken);
        var discarded = DiscardAsync(over.Token);
        try
        {
            await Task.WhenAny(_clientClosed.Task, Task.Delay(CloseTimeout, _time, noAnswer.Token));
            if (!_clientClosed.Task.IsCompleted)
            {
                // The API does not answer, or has gone without a word: the client gets one nevertheless.
                using var brief = new CancellationTokenSource(CloseTimeout, _time);
                await CloseClientAsync(brief.Token);
            }

            await Task.WhenAny(discarded, Task.Delay(CloseTimeout, _time, over.Token));
        }
        finally
        {
            await noAnswer.CancelAsync();
            await over.CancelAsync();
            await discarded;
            _finished = true;
        }

        if (_deadline.IsCancellationRequested)
        {
            // The proxy's own token hangs on the same deadline, and may be cancelled a moment later than ours. It must be, before this
            // read fails: else the proxy takes the failure for the client's, and the request does not count as aborted.
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);
        }

        return 0;
    }

    private async Task CloseClientAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (!_clientClosed.Task.IsCompleted && _fromApi.IsBetweenMessages)
            {
                await SendCloseFrameAsync(cancellationToken);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task SendCloseFrameAsync(CancellationToken cancellationToken)
    {
        _clientClosed.TrySetResult();
        await _client.WriteAsync(CloseFrame(_closeCode, mask: []), cancellationToken);
        await _client.FlushAsync(cancellationToken);
    }

    private async Task DiscardAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DiscardBytes);
        try
        {
            while (!_fromClient.IsClosed)
            {
                var read = await _reader.ReadAfterCloseAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    return;
                }

                _fromClient.Scan(buffer.AsSpan(0, read));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // It took too long, or the client has gone: either way there is nothing more to wait for.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Internal error, try again later, bad gateway: what a server says when it has failed. Service restart and going away are orderly.
    private static bool IsFailure(int code) => code is 1011 or 1013 or 1014;

    private static byte[] CloseFrame(int code, ReadOnlySpan<byte> mask)
    {
        var reason = code == 1001 ? "going away"u8 : "service restart"u8;
        var frame = new byte[2 + mask.Length + sizeof(ushort) + reason.Length];
        frame[0] = FinalClose;
        frame[1] = (byte)((sizeof(ushort) + reason.Length) | (mask.IsEmpty ? 0 : MaskBit));
        mask.CopyTo(frame.AsSpan(2));
        var payload = frame.AsSpan(2 + mask.Length);
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        reason.CopyTo(payload[sizeof(ushort)..]);
        for (var index = 0; index < payload.Length && !mask.IsEmpty; index++)
        {
            payload[index] ^= mask[index % MaskBytes];
        }

        return frame;
    }
}

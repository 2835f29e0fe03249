namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>
/// Reads a stream of messages until its end, or until it was asked to close and a good moment for that has come: between two messages,
/// with nothing sent in either direction for a little while. If there is no such pause in time, it closes at the next gap.
/// </summary>
/// <remarks>
/// While nothing arrives, a read without a buffer is pending on the inner stream. A request to close must wake the reader without
/// cancelling that read, because a cancelled read ends an HTTP client's connection. So the two are raced, and the pending read is kept
/// for the next turn; it has no buffer, so nothing is lost with it. Once the reader is closed, <see cref="EndReadAsync"/> cancels it:
/// a stream that is disposed of with a read pending may give its connection back to the pool, and the stale read would then take the
/// beginning of the next response.
/// </remarks>
/// <param name="inner">The stream to read.</param>
/// <param name="scanner">Finds the ends of messages.</param>
/// <param name="waitsForPause">False if messages go one way only: any gap between two messages will do.</param>
/// <param name="time">The clock.</param>
internal sealed class GracefulCloseReader(Stream inner, IMessageScanner scanner, bool waitsForPause, TimeProvider time) : IDisposable
{
    // Longer than a peer takes to answer a message, and short enough that nobody notices the wait.
    private static readonly TimeSpan PauseLength = TimeSpan.FromMilliseconds(50);

    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastActivity = time.GetTimestamp();
    private Task<int>? _pending;
    private CancellationTokenSource? _reading;
    private CancellationToken _readingFor;
    private long _askedAt;
    private TimeSpan _patience;
    private bool _closeCancelled;
    private bool _closed;

    /// <summary>Asks the reader to close. Only the first call has an effect.</summary>
    /// <param name="patience">How long to wait for a pause.</param>
    public void RequestClose(TimeSpan patience)
    {
        // Published by the completion of the task, which the reader sees before it reads these.
        if (!_asked.Task.IsCompleted)
        {
            _patience = patience;
            _askedAt = time.GetTimestamp();
            _asked.TrySetResult();
        }
    }

    /// <summary>Ignores the request to close: the other side is closing on its own.</summary>
    public void CancelClose() => Volatile.Write(ref _closeCancelled, true);

    /// <summary>Notes that something was sent, in either direction.</summary>
    public void NoteActivity() => Volatile.Write(ref _lastActivity, time.GetTimestamp());

    /// <summary>Waits until there is something to read.</summary>
    /// <returns>False when it is time to close instead.</returns>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        while (!_closed)
        {
            var asked = _asked.Task.IsCompleted && !Volatile.Read(ref _closeCancelled) && scanner.IsBetweenMessages;
            if (asked && IsImpatient)
            {
                break;
            }

            var pending = _pending ??= inner.ReadAsync(Memory<byte>.Empty, TokenFor(cancellationToken)).AsTask();
            if (pending.IsCompleted)
            {
                _pending = null;
                await pending;
                return true;
            }

            if (!_asked.Task.IsCompleted)
            {
                await Task.WhenAny(pending, _asked.Task);
            }
            else if (!asked)
            {
                await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            else if (PauseLength - time.GetElapsedTime(Volatile.Read(ref _lastActivity)) is var rest && rest > TimeSpan.Zero)
            {
                using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(pending, Task.Delay(rest, time, over.Token));
                await over.CancelAsync();
            }
            else
            {
                break;
            }
        }

        _closed = true;
        return false;
    }

    /// <summary>Cancels the read that may still be pending and waits for its end. The inner stream can't be read after that.</summary>
    public async ValueTask EndReadAsync()
    {
        if (_pending is { } pending)
        {
            await _reading!.CancelAsync();
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _pending = null;
        }
    }

    /// <summary>Reads what <see cref="WaitAsync"/> said is there.</summary>
    /// <returns>The number of bytes; 0 at the end of the stream.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        NoteActivity();
        var end = scanner.Scan(buffer.Span[..read]);
        if (end <= 0 || !_asked.Task.IsCompleted || Volatile.Read(ref _closeCancelled) || !IsImpatient)
        {
            return read;
        }

        // A stream that never pauses and whose pieces end within messages: what follows the last whole message is dropped.
        _closed = true;
        return end;
    }

    /// <summary>Reads what still arrives after the reader was closed.</summary>
    public async ValueTask<int> ReadAfterCloseAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_pending is { } pending)
        {
            // Most streams allow one read at a time. A pending read that was cancelled with the proxy's copying is not the end of the stream.
            await ((Task)pending.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            _pending = null;
        }

        return await inner.ReadAsync(buffer, cancellationToken);
    }

    private bool IsImpatient => !waitsForPause || time.GetElapsedTime(_askedAt) >= _patience;

    /// <summary>Releases the caller's token, and observes the failure of a read that is still pending.</summary>
    public void Dispose()
    {
        _ = _pending?.ContinueWith(
            static read => read.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        _reading?.Dispose();
    }

    // One source for all reads: the proxy passes the same token each time.
    private CancellationToken TokenFor(CancellationToken caller)
    {
        if (_reading is null || _readingFor != caller)
        {
            _reading?.Dispose();
            _reading = CancellationTokenSource.CreateLinkedTokenSource(caller);
            _readingFor = caller;
        }

        return _reading.Token;
    }
}

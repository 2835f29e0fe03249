namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>
/// Reads a stream of messages until its end, or until it has been asked to leave and a good moment for that has come: between two
/// messages, with nothing under way for a little while. If there is no such pause within its patience, the next gap will do.
/// </summary>
/// <remarks>
/// While nothing arrives, a read without a buffer is pending on the inner stream. Being asked to leave must wake the reader without
/// cancelling that read, for a cancelled read ends an HTTP client's connection: so the two are raced, and the pending read is kept
/// for the next turn. It has no buffer, so nothing is lost with it. Once the reader has left for good, <see cref="EndReadAsync"/>
/// cancels it: a stream that is disposed of with a read pending may give its connection back to the pool, and the stale read would
/// then take the beginning of the next response.
/// </remarks>
/// <param name="inner">What is read from.</param>
/// <param name="scanner">Tells where messages end.</param>
/// <param name="waitsForPause">False where nobody answers anybody: the next gap between two messages is as good as any.</param>
/// <param name="time">The clock.</param>
internal sealed class DepartingReader(Stream inner, IMessageScanner scanner, bool waitsForPause, TimeProvider time) : IDisposable
{
    // Longer than an answer takes on the way to the other side's next message, shorter than anybody waits for.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);

    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastActivity = time.GetTimestamp();
    private Task<int>? _pending;
    private CancellationTokenSource? _reading;
    private CancellationToken _readingFor;
    private long _askedAt;
    private TimeSpan _patience;
    private bool _stays;
    private bool _departs;

    /// <summary>Asks to leave. Has no effect when it was asked before.</summary>
    /// <param name="patience">How long to wait for a pause.</param>
    public void Leave(TimeSpan patience)
    {
        // Published by the completion of the task, which the reader sees before it reads these.
        if (!_asked.Task.IsCompleted)
        {
            _patience = patience;
            _askedAt = time.GetTimestamp();
            _asked.TrySetResult();
        }
    }

    /// <summary>There is nothing to leave any more: the other side is ending by itself.</summary>
    public void Stay() => Volatile.Write(ref _stays, true);

    /// <summary>Something was sent the other way.</summary>
    public void Touch() => Volatile.Write(ref _lastActivity, time.GetTimestamp());

    /// <summary>Waits until there is something to read.</summary>
    /// <returns>False when the moment to leave has come instead.</returns>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        while (!_departs)
        {
            var asked = _asked.Task.IsCompleted && !Volatile.Read(ref _stays) && scanner.IsBetweenMessages;
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
            else if (Quiet - time.GetElapsedTime(Volatile.Read(ref _lastActivity)) is var rest && rest > TimeSpan.Zero)
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

        _departs = true;
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
        Touch();
        var end = scanner.Scan(buffer.Span[..read]);
        if (end <= 0 || !_asked.Task.IsCompleted || Volatile.Read(ref _stays) || !IsImpatient)
        {
            return read;
        }

        // A stream that never pauses, nor ends a piece with a message: what follows the last whole one is left behind.
        _departs = true;
        return end;
    }

    /// <summary>Reads on after it has left, whatever is there.</summary>
    public async ValueTask<int> ReadOnAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_pending is { } pending)
        {
            // Two reads at once are one too many for most streams. It may have been cancelled with the proxy's copying; that is no end.
            await ((Task)pending.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            _pending = null;
        }

        return await inner.ReadAsync(buffer, cancellationToken);
    }

    private bool IsImpatient => !waitsForPause || time.GetElapsedTime(_askedAt) >= _patience;

    /// <summary>Lets go of the caller's token, and looks at how the read ended that may still be pending, so that nobody is told of it later.</summary>
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

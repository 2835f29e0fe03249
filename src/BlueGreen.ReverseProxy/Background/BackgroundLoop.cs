namespace BlueGreen.ReverseProxy.Background;

/// <summary>One loop, from its first start until it ends for good.</summary>
internal sealed class BackgroundLoop
{
    private const int MaxErrorLength = 200;

    private readonly TimeProvider _time;
    private LoopStatus _status;
    private long _begun;

    public BackgroundLoop(string kind, string? subject, TimeProvider time)
    {
        Kind = kind;
        Name = subject is null ? kind : $"{kind}/{subject}";
        _time = time;
        _begun = time.GetTimestamp();
        _status = new LoopStatus(kind, Name, IsRestarting: false, Failures: 0, LastError: null, time.GetUtcNow());
    }

    public string Kind { get; }

    public string Name { get; }

    public LoopStatus Status => Volatile.Read(ref _status);

    /// <summary>How long the current run has lasted.</summary>
    public TimeSpan RunningFor => _time.GetElapsedTime(_begun);

    /// <summary>The body is about to run. Called by the loop's own task only, like <see cref="Fail"/>.</summary>
    public void Begin()
    {
        _begun = _time.GetTimestamp();
        if (_status.IsRestarting)
        {
            Volatile.Write(ref _status, _status with { IsRestarting = false, Since = _time.GetUtcNow() });
        }
    }

    /// <summary>The body threw; it waits to be restarted.</summary>
    public void Fail(Exception exception) => Volatile.Write(
        ref _status,
        _status with { IsRestarting = true, Failures = _status.Failures + 1, LastError = Describe(exception), Since = _time.GetUtcNow() });

    private static string Describe(Exception exception)
    {
        var message = exception.Message.ReplaceLineEndings(" ");
        return $"{exception.GetType().Name}: {(message.Length > MaxErrorLength ? string.Concat(message.AsSpan(0, MaxErrorLength), "…") : message)}";
    }
}

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Looks at files every few seconds, or as often as its owner says.</summary>
/// <remarks>Read and not watched: a mounted secret is replaced by turning a link, which watchers of files do not see.</remarks>
internal sealed class FileLook : IDisposable
{
    private static readonly TimeSpan DefaultPeriod = TimeSpan.FromSeconds(5);

    private readonly Action _look;
    private readonly ITimer _timer;
    private int _looking;

    public FileLook(TimeProvider time, Action look)
        : this(time, look, DefaultPeriod)
    {
    }

    public FileLook(TimeProvider time, Action look, TimeSpan period)
    {
        _look = look;
        _timer = time.CreateTimer(static self => ((FileLook)self!).Look(), this, period, period);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        // A look that takes longer than until the next one, on a file system that hangs, must not pile up threads.
        if (Interlocked.Exchange(ref _looking, 1) == 1)
        {
            return;
        }

        try
        {
            _look();
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }
}

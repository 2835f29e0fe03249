using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>The mirrors that run, by service; and of each service the newest that has ended, until the next one begins.</summary>
/// <remarks>
/// They are kept by the process alone: a mirror ends with it. The interleaving that the lock is for: an order is decided on generation 5; a
/// deployment commits generation 6; the mirror of the order begins. So whatever ends mirrors says first what holds from now on
/// (<see cref="Follow"/>), and a mirror begins only if that still allows it, in one step.
/// </remarks>
internal sealed class MirrorRuns(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<MirrorRun, ITimer> _timers = [];
    private Func<MirrorOrder, string?> _whyNot = static _ => null;
    private Action<MirrorRun>? _ended;
    private MirrorRun?[] _running = [];
    private MirrorRun?[] _newest = [];

    /// <summary>The mirror of a service; null for none. All that a request asks while there is none.</summary>
    public MirrorRun? Of(Service service)
    {
        var running = Volatile.Read(ref _running);
        return service.Index < running.Length ? running[service.Index] : null;
    }

    /// <summary>The mirror of a service that runs, or ran last.</summary>
    public MirrorRun? NewestOf(Service service)
    {
        var newest = Volatile.Read(ref _newest);
        return service.Index < newest.Length ? newest[service.Index] : null;
    }

    /// <summary>Calls this whenever a mirror has ended by itself. Once.</summary>
    public void OnEnded(Action<MirrorRun> ended) => _ended = ended;

    /// <summary>What allows mirrors has changed: those that it does not allow any more end.</summary>
    /// <param name="whyNot">Why a mirror may not go on; null where it may.</param>
    public void Follow(Func<MirrorOrder, string?> whyNot)
    {
        lock (_gate)
        {
            _whyNot = whyNot;
            foreach (var run in _running)
            {
                if (run is not null && whyNot(run.Order) is { } why)
                {
                    EndLocked(run, why, isByItself: true);
                }
            }
        }
    }

    /// <summary>Begins a mirror in the place of the one before.</summary>
    /// <returns>Why not; null when it has begun.</returns>
    public string? Begin(MirrorRun run)
    {
        lock (_gate)
        {
            if (_whyNot(run.Order) is { } why)
            {
                return why;
            }

            if (Of(run.Order.Service) is { } before)
            {
                EndLocked(before, "replaced by another one", isByItself: false);
            }

            _timers[run] = time.CreateTimer(_ => End(run, "its time was over", isByItself: true), state: null, run.Settings.Duration, Timeout.InfiniteTimeSpan);
            Volatile.Write(ref _newest, With(_newest, run.Order.Service, run));
            Volatile.Write(ref _running, With(_running, run.Order.Service, run));
            return null;
        }
    }

    /// <summary>Ends a mirror. Repeating it changes nothing.</summary>
    /// <param name="run">The mirror.</param>
    /// <param name="why">Why, for people.</param>
    /// <param name="isByItself">Whether nobody has asked for that.</param>
    /// <param name="isAlarm">Whether somebody should look at the standby.</param>
    public void End(MirrorRun run, string why, bool isByItself, bool isAlarm = false)
    {
        lock (_gate)
        {
            EndLocked(run, why, isByItself, isAlarm);
        }
    }

    /// <summary>Ends the mirrors of services that there are no more.</summary>
    public void EndOthers(IReadOnlyCollection<Service> services)
    {
        lock (_gate)
        {
            foreach (var run in _running)
            {
                if (run is not null && !services.Contains(run.Order.Service))
                {
                    EndLocked(run, "the service was removed, or given other clusters", isByItself: true);
                }
            }
        }
    }

    /// <summary>Ends all of them: the gateway stops, and has given up the state already.</summary>
    public void EndAll(string why)
    {
        lock (_gate)
        {
            foreach (var run in _running)
            {
                if (run is not null)
                {
                    EndLocked(run, why, isByItself: false);
                }
            }
        }
    }

    private void EndLocked(MirrorRun run, string why, bool isByItself, bool isAlarm = false)
    {
        if (run.End is not null)
        {
            return;
        }

        if (_timers.Remove(run, out var timer))
        {
            timer.Dispose();
        }

        // Before the copies are cancelled: no other one begins.
        var next = With(_running, run.Order.Service, null);
        Volatile.Write(ref _running, Array.TrueForAll(next, one => one is null) ? [] : next);
        run.EndAs(new(time.GetUtcNow(), why, isAlarm));
        if (isByItself)
        {
            _ended?.Invoke(run);
        }
    }

    private static MirrorRun?[] With(MirrorRun?[] runs, Service service, MirrorRun? run)
    {
        var next = new MirrorRun?[Math.Max(runs.Length, service.Index + 1)];
        runs.CopyTo(next, 0);
        next[service.Index] = run;
        return next;
    }
}

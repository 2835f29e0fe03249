using System.Diagnostics.CodeAnalysis;

namespace BlueGreen.ReverseProxy.Slots.Holding;

/// <summary>The requests of one service that wait at the gateway, in the order in which they came.</summary>
/// <remarks>
/// The table says whether requests wait (<see cref="ServiceRoute.Hold"/>), this says where and for how long. The table is published by the
/// control path, and nobody may wait for ever because that is slow or broken; so the queue has a deadline of its own, by the monotonic
/// clock, after which it lets everybody go, whatever the table says.
/// <para>
/// <b>A request that enters while the hold ends.</b> It reads a table with the hold, then the next table is published and the queue is
/// emptied, then it enters: it would wait for nobody. So the caller reads the latest table again after <see cref="TryEnter"/>, and leaves
/// if that one does not hold. Entering and publishing are both full fences: either the request sees the new table, or whoever empties the
/// queue sees the request.
/// </para>
/// <para>
/// <b>Exclusive.</b> A release that switches exclusively has seen both slots idle, and commits. Until it knows what became of the commit, no
/// request may go on to the old slot, not even at the deadline: the switch may be stored already. So the release says so before it
/// commits (<see cref="TryBeginSwitch"/>, which fails if the requests were let go meanwhile), and the deadline then refuses the requests
/// instead of letting them go.
/// </para>
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="continueRequest">Has the rest of a request run that waits no longer; null for the thread pool.</param>
internal sealed class HoldQueue(TimeProvider time, Action<HeldRequest>? continueRequest = null)
{
    /// <summary>How much longer than its own time a release may hold requests while what it has decided is being stored.</summary>
    public static readonly TimeSpan StoreTime = TimeSpan.FromSeconds(1);

    // First in, first out. The continuation of a task would go to the queue of the thread that completes it, which takes the newest from it first.
    private readonly Action<HeldRequest> _continue = continueRequest ?? (static request => ThreadPool.UnsafeQueueUserWorkItem(request, preferLocal: false));
    private readonly Lock _lock = new();
    private readonly LinkedList<HeldRequest> _waiting = new();
    private Hold? _hold;
    private Phase _phase;
    private long _since;
    private ITimer? _deadline;
    private bool _isStopped;

    // The hold that is over although the table may still have it.
    private string? _over;

    private HoldFigures _figures = HoldFigures.None;
    private HoldFigures _earlier = HoldFigures.None;

    private enum Phase
    {
        Holding,

        // An exclusive switch is being committed.
        Switching,

        // As before, and the time is over: whoever comes is refused.
        Refusing,
    }

    /// <summary>What became of the requests of the newest hold; what wait now are there too.</summary>
    public HoldFigures Figures
    {
        get
        {
            lock (_lock)
            {
                return WithWaiting(_figures);
            }
        }
    }

    /// <summary>The same of all holds since the process started.</summary>
    public HoldFigures Totals
    {
        get
        {
            lock (_lock)
            {
                return HoldFigures.Sum([_earlier, WithWaiting(_figures)]);
            }
        }
    }

    /// <summary>Whether requests have to wait for a hold that the table has: it is not over.</summary>
    public bool Keeps(Hold hold) => Volatile.Read(ref _over) is var over && over != hold.Id;

    /// <summary>The monotonic time at which a hold began, if it is the current one and not over.</summary>
    public bool TryGetStart(string id, out long since)
    {
        lock (_lock)
        {
            since = _since;
            return IsCurrent(id);
        }
    }

    /// <summary>How much of a hold's time is left; zero when it is over.</summary>
    public TimeSpan Left(string id)
    {
        lock (_lock)
        {
            return IsCurrent(id) ? LeftOf(_hold) : TimeSpan.Zero;
        }
    }

    /// <summary>Call this before a table with the hold is published, also where the one before had it.</summary>
    public void Begin(Hold hold)
    {
        lock (_lock)
        {
            if (_hold == hold)
            {
                return;
            }

            if (_hold?.Id != hold.Id)
            {
                // Another process may have begun it. Its clock can't be read on: the time of day stands in, held to what is possible.
                var elapsed = time.GetUtcNow() - hold.Since;
                _since = time.GetTimestamp() - (long)((elapsed < TimeSpan.Zero ? TimeSpan.Zero : elapsed).TotalSeconds * time.TimestampFrequency);
                _phase = Phase.Holding;
                _earlier = HoldFigures.Sum([_earlier, _figures]);
                _figures = HoldFigures.None;
            }

            _hold = hold;
            if (_isStopped)
            {
                Volatile.Write(ref _over, hold.Id);
                return;
            }

            _deadline?.Dispose();
            _deadline = time.CreateTimer(static state => ((Deadline)state!).Pass(), new Deadline(this, hold), LeftOf(hold) + (hold.IsOfRelease ? StoreTime : TimeSpan.Zero), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Call this after a table was published that does not hold the service, or answers its requests in another way.</summary>
    /// <param name="isOver">Whether the table has no hold any more.</param>
    public void LetGo(bool isOver)
    {
        lock (_lock)
        {
            Empty(HoldOutcome.Released);
            if (isOver)
            {
                _hold = null;
                _deadline?.Dispose();
                _deadline = null;
            }
        }
    }

    /// <summary>Enters the queue. Read the latest table after that, and leave if it does not hold: see the remarks.</summary>
    /// <param name="hold">The hold that the caller has found in the table.</param>
    /// <param name="request">The place in the queue. Its wait may be over already.</param>
    /// <returns>False when the hold is over: have the slot chosen again.</returns>
    public bool TryEnter(Hold hold, [NotNullWhen(true)] out HeldRequest? request)
    {
        lock (_lock)
        {
            if (!Keeps(hold))
            {
                request = null;
                return false;
            }

            request = new HeldRequest(time.GetTimestamp());
            if (_phase == Phase.Refusing || _waiting.Count >= hold.MaxRequests)
            {
                _figures = _figures with { Refused = _figures.Refused + 1 };
                Complete(request, _phase == Phase.Refusing ? HoldOutcome.Expired : HoldOutcome.Full);
            }
            else
            {
                _figures = _figures with { Held = _figures.Held + 1 };
                request.Place = _waiting.AddLast(request);
            }
        }

        Interlocked.MemoryBarrier();
        return true;
    }

    /// <summary>Takes a request out of the queue, unless its wait has ended already.</summary>
    public void Leave(HeldRequest request, HoldOutcome outcome)
    {
        lock (_lock)
        {
            TakeOut(request, outcome);
        }
    }

    /// <summary>Keeps the requests until the outcome of an exclusive switch is known.</summary>
    /// <returns>False when they were let go: the slots may have work again.</returns>
    public bool TryBeginSwitch(string id)
    {
        lock (_lock)
        {
            if (!IsCurrent(id) || _isStopped || _phase != Phase.Holding)
            {
                return false;
            }

            _phase = Phase.Switching;
            return true;
        }
    }

    /// <summary>The switch is not attempted after all: the hold goes on as before.</summary>
    public void CancelSwitch(string id)
    {
        lock (_lock)
        {
            if (!IsCurrent(id))
            {
                return;
            }

            // The deadline has passed meanwhile, or the gateway stops, and nobody else would let them go.
            var isDue = _phase == Phase.Refusing || _isStopped;
            _phase = Phase.Holding;
            if (isDue)
            {
                EndCurrent();
            }
        }
    }

    /// <summary>The hold is over although the table still has it: the state can't be stored, or the gateway stops.</summary>
    public void End(string id)
    {
        lock (_lock)
        {
            if (IsCurrent(id))
            {
                EndCurrent();
            }
        }
    }

    /// <summary>The gateway stops: nobody waits from now on. What waits for the outcome of an exclusive switch goes on with that.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _isStopped = true;
            if (_hold is not null && _phase == Phase.Holding)
            {
                EndCurrent();
            }
        }
    }

    private bool IsCurrent(string id) => _hold?.Id == id && Keeps(_hold);

    private TimeSpan LeftOf(Hold? hold)
    {
        var left = (hold?.Duration ?? TimeSpan.Zero) - time.GetElapsedTime(_since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void Pass(Hold hold)
    {
        lock (_lock)
        {
            // A timer that was replaced in this moment.
            if (_hold != hold || !Keeps(hold))
            {
                return;
            }

            if (_phase == Phase.Holding)
            {
                EndCurrent();
                return;
            }

            _phase = Phase.Refusing;
            Empty(HoldOutcome.Expired);
        }
    }

    // Over first: who is let go looks at the table again, and must not find that it has to wait.
    private void EndCurrent()
    {
        Volatile.Write(ref _over, _hold!.Id);
        Empty(HoldOutcome.Released);
    }

    private void Empty(HoldOutcome outcome)
    {
        while (_waiting.First is { } first)
        {
            TakeOut(first.Value, outcome);
        }
    }

    private void TakeOut(HeldRequest request, HoldOutcome outcome)
    {
        if (request.Place is not { } place)
        {
            return;
        }

        request.Place = null;
        _waiting.Remove(place);
        var waited = time.GetElapsedTime(request.EnteredAt);
        _figures = _figures with
        {
            Released = _figures.Released + (outcome == HoldOutcome.Released ? 1 : 0),
            Refused = _figures.Refused + (outcome is HoldOutcome.Full or HoldOutcome.Expired ? 1 : 0),
            Canceled = _figures.Canceled + (outcome == HoldOutcome.Canceled ? 1 : 0),
            LongestWait = waited > _figures.LongestWait ? waited : _figures.LongestWait,
        };
        Complete(request, outcome);
    }

    private void Complete(HeldRequest request, HoldOutcome outcome)
    {
        request.Decide(outcome);
        _continue(request);
    }

    private HoldFigures WithWaiting(HoldFigures figures)
    {
        var oldest = _waiting.First is { } first ? time.GetElapsedTime(first.Value.EnteredAt) : TimeSpan.Zero;
        return figures with { Waiting = _waiting.Count, LongestWait = oldest > figures.LongestWait ? oldest : figures.LongestWait };
    }

    private sealed record Deadline(HoldQueue Queue, Hold Hold)
    {
        public void Pass() => Queue.Pass(Hold);
    }
}

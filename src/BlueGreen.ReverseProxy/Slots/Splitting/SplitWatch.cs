using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Slots.Splitting;

/// <summary>Counts what the two slots of one service do while a release shifts traffic between them. Thread-safe; kept as long as the release shifts.</summary>
/// <param name="isByRequest">Whether each request was decided by itself; if not, each client counts once, with its first failure.</param>
/// <param name="time">The clock.</param>
/// <param name="metric">The metric by which responses are bad, as the slots' meters count them.</param>
/// <param name="stratum">The stratum that is counted by itself as well; null for none. See <see cref="StratumNames"/>.</param>
internal sealed class SplitWatch(bool isByRequest, TimeProvider time, int metric = FailureCodes.Errors, byte? stratum = null)
{
    // A client more is not counted twice either: it is not counted at all, which only makes the evidence weaker.
    private const int MostClients = 100_000;

    // Twice as many as it takes to be sure.
    private const int MostHanging = 16;

    // From fewer, nobody can say how often the old slot fails.
    private const int LeastOldResponses = 100;

    private static readonly TimeSpan OverdueByDefault = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _failed = [];
    private readonly HashSet<ulong> _slowed = [];
    private readonly HashSet<ulong> _failedOfStratum = [];
    private readonly ResponseAges _unanswered = new(time, OverdueByDefault);
    private SplitEvidence _evidence = SplitEvidence.None;
    private TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _new;
    private long _old;
    private long _newAnswered;
    private long _oldAnswered;
    private long _oldBad;
    private SplitCounts _ofStratum;
    private long _slowAbove = long.MaxValue;
    private SplitEvidence _slow = SplitEvidence.None;
    private long _newBad;
    private long _oldSlow;
    private HangWatch? _newHangs;
    private HangWatch? _oldHangs;
    private long _open;
    private (long New, long Old) _step;
    private long _mostOpen = long.MaxValue;
    private (long Budget, double Rate, long Overdue)? _room;

    /// <summary>What one stratum's requests did, where one is counted by itself; where clients count once, its clients with a bad response.</summary>
    public SplitCounts? OfStratum
    {
        get
        {
            lock (_gate)
            {
                return stratum is null ? null : _ofStratum;
            }
        }
    }

    /// <summary>The metric by which responses are bad.</summary>
    public int Metric => metric;

    /// <summary>What counts the requests of a side that hang; null unless they are compared.</summary>
    public HangWatch? HangsOf(bool isNew) => isNew ? _newHangs : _oldHangs;

    /// <summary>Whether each request was decided by itself.</summary>
    public bool IsByRequest => isByRequest;

    /// <summary>
    /// Compares the requests that hang, and lets only few wait for the new slot at once: if nothing is answered there, more of them would
    /// not tell more. Those above go to the old slot. Call this before anything is split.
    /// </summary>
    /// <param name="after">From when on a request hangs.</param>
    public void CompareHangs(TimeSpan after)
    {
        (_newHangs, _oldHangs) = (new HangWatch(time, after), new HangWatch(time, after));
        Volatile.Write(ref _mostOpen, MostHanging);
    }

    /// <summary>The requests that went to the new slot, and to the old one.</summary>
    public (long New, long Old) Requests => (Volatile.Read(ref _new), Volatile.Read(ref _old));

    /// <summary>The same since the weight was changed last.</summary>
    public (long New, long Old) SinceStep
    {
        get
        {
            lock (_gate)
            {
                return (Volatile.Read(ref _new) - _step.New, Volatile.Read(ref _old) - _step.Old);
            }
        }
    }

    /// <summary>The weight has changed.</summary>
    public void BeginStep()
    {
        lock (_gate)
        {
            _step = Requests;
        }
    }

    /// <summary>The responses of the new slot that count, and how many of them were bad; each response, also where clients count once.</summary>
    public (long Answered, long Bad) NewResponses => (Volatile.Read(ref _newAnswered), Volatile.Read(ref _newBad));

    /// <summary>The same of the old slot.</summary>
    public (long Answered, long Bad) OldResponses => (Volatile.Read(ref _oldAnswered), Volatile.Read(ref _oldBad));

    /// <summary>The old slot's slow responses; each of them, also where clients count once.</summary>
    public long OldSlow => Volatile.Read(ref _oldSlow);

    /// <summary>
    /// The bad responses of the new slot beyond those that the old one would have given for as many requests in the same time: what a
    /// shift has cost its clients. A version that fails less than the old one does costs nothing.
    /// </summary>
    public long ExcessBad
    {
        get
        {
            lock (_gate)
            {
                var oldRate = _oldAnswered < LeastOldResponses ? 0 : (double)_oldBad / _oldAnswered;
                return Math.Max(0, _newBad - (long)(oldRate * _newAnswered));
            }
        }
    }

    /// <summary>What speaks against the new slot: failures.</summary>
    public SplitEvidence Evidence => Volatile.Read(ref _evidence);

    /// <summary>The same for slow responses.</summary>
    public SplitEvidence Slowness => Volatile.Read(ref _slow);

    /// <summary>From now on responses count as slow that take so long.</summary>
    public void CountSlowness(long microseconds) => Volatile.Write(ref _slowAbove, microseconds);

    /// <summary>The requests on the new slot that wait for the start of their response.</summary>
    public long Unanswered => Volatile.Read(ref _open);

    /// <summary>Those of them that wait for too long.</summary>
    public long Overdue => _unanswered.CountOld();

    /// <summary>From when on a request waits for too long.</summary>
    public void OverdueAfter(TimeSpan time) => _unanswered.OldAfter(time);

    /// <summary>
    /// Lets only so many requests wait for the new slot at once that the budget holds even if they all fail as often as can't be excluded.
    /// Those above it go to the old slot. Every bad response takes its part of the room away at once, and not only at the next look.
    /// </summary>
    /// <param name="budget">How many bad responses the shift may cost.</param>
    /// <param name="rate">The rate of bad responses that can't be excluded, above 0.</param>
    /// <param name="overdue">How many requests wait for too long; they count as bad.</param>
    /// <param name="bad">How many bad responses it has cost, those before a restart included.</param>
    public void Allow(long budget, double rate, long overdue, long bad)
    {
        lock (_gate)
        {
            _room = (budget + _newBad - bad - overdue, rate, overdue);
            SetRoom();
        }
    }

    /// <summary>Completes at the next bad response. Take it before you read what was counted.</summary>
    public Task NextFailureAsync()
    {
        lock (_gate)
        {
            if (_failure.Task.IsCompleted)
            {
                _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _failure.Task;
        }
    }

    /// <summary>A request wants to go to the new slot.</summary>
    /// <returns>Whether it may. If so, <see cref="Leave"/> must follow.</returns>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= Volatile.Read(ref _mostOpen))
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    /// <summary>It goes there.</summary>
    /// <param name="now">The monotonic time.</param>
    /// <returns>What to give to <see cref="Leave"/>.</returns>
    public ResponseAges.Cohort Go(long now)
    {
        Interlocked.Increment(ref _new);
        return _unanswered.Enter(now);
    }

    /// <summary>It does not go there after all: the table has changed.</summary>
    public void Withdraw() => Interlocked.Decrement(ref _open);

    /// <summary>A request goes to the old slot.</summary>
    public void Stay() => Interlocked.Increment(ref _old);

    /// <summary>The response of the new slot has begun, or there will be none.</summary>
    public void Leave(ResponseAges.Cohort cohort)
    {
        cohort.Add(-1);
        Interlocked.Decrement(ref _open);
    }

    /// <summary>A response has ended that says something about its slot.</summary>
    /// <param name="isNew">Whether it was the new slot's.</param>
    /// <param name="weight">The weight by which its side was chosen.</param>
    /// <param name="key">What the request was told apart by.</param>
    /// <param name="isBad">Whether it was bad.</param>
    /// <param name="microseconds">The time to its start; null where that says nothing.</param>
    /// <param name="ofStratum">The request's stratum.</param>
    public void Add(bool isNew, int weight, ulong key, bool isBad, long? microseconds = null, byte ofStratum = 0)
    {
        if (ofStratum == stratum)
        {
            AddToStratum(isNew, key, isBad);
        }

        Interlocked.Increment(ref isNew ? ref _newAnswered : ref _oldAnswered);
        if (microseconds >= Volatile.Read(ref _slowAbove))
        {
            AddSlow(isNew, weight, key);
        }

        if (!isBad)
        {
            return;
        }

        lock (_gate)
        {
            if (isNew)
            {
                _newBad++;
                SetRoom();
            }
            else
            {
                _oldBad++;
            }

            if (isByRequest || (_failed.Count < MostClients && _failed.Add(key)))
            {
                Volatile.Write(ref _evidence, _evidence.With(isNew, weight));
            }

            _failure.TrySetResult();
        }
    }

    /// <summary>What was found speaks of an outage, and not of the slot: the evidence begins anew.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            Volatile.Write(ref _evidence, SplitEvidence.None);
            Volatile.Write(ref _slow, SplitEvidence.None);
            _failed.Clear();
            _slowed.Clear();
        }
    }

    private void AddToStratum(bool isNew, ulong key, bool isBad)
    {
        lock (_gate)
        {
            var counts = isBad && (isByRequest || (_failedOfStratum.Count < MostClients && _failedOfStratum.Add(key)));
            _ofStratum = _ofStratum.With(isNew, counts);
        }
    }

    private void AddSlow(bool isNew, int weight, ulong key)
    {
        lock (_gate)
        {
            _oldSlow += isNew ? 0 : 1;
            if (isByRequest || (_slowed.Count < MostClients && _slowed.Add(key)))
            {
                Volatile.Write(ref _slow, _slow.With(isNew, weight));
            }
        }
    }

    private void SetRoom()
    {
        if (_room is { } room)
        {
            Volatile.Write(ref _mostOpen, room.Overdue + (long)Math.Floor(Math.Max(0, room.Budget - _newBad) / room.Rate));
        }
    }
}

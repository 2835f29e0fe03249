using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>How many responses have been going on for longer than a time, without a timer or a list entry for each.</summary>
/// <remarks>
/// Responses that begin within the same tenth of that time share a counter. Old ones are those whose counter was begun long enough
/// ago: so a response costs two interlocked operations, and only a reader pays for the sum. A response is reported as old up to a
/// tenth of the time late.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="oldAfter">The time.</param>
/// <param name="longest">How late a response may be reported as old at most; null for a tenth of the time.</param>
/// <param name="tellsClients">Whether the counters are told apart by client, see <see cref="Cohort.Clients"/>.</param>
internal sealed class ResponseAges(TimeProvider time, TimeSpan oldAfter, TimeSpan? longest = null, bool tellsClients = false)
{
    private const int CohortsPerAge = 10;

    private readonly Lock _gate = new();
    private readonly LinkedList<Cohort> _earlier = new();
    private TimeSpan _old = oldAfter;
    private long _spanTicks = SpanOf(oldAfter, longest);
    private Cohort _current = new(time.GetTimestamp(), tellsClients);

    /// <summary>Changes the time; responses that are under way are counted by the new one, up to a tenth of the old one late.</summary>
    public void OldAfter(TimeSpan old)
    {
        lock (_gate)
        {
            _old = old;
            Volatile.Write(ref _spanTicks, SpanOf(old, longest));
        }
    }

    /// <summary>A response has begun.</summary>
    /// <param name="now">The monotonic time.</param>
    /// <returns>The cohort to leave when the response ends.</returns>
    public Cohort Enter(long now)
    {
        var cohort = Volatile.Read(ref _current);
        if (time.GetElapsedTime(cohort.Begun, now).Ticks > Volatile.Read(ref _spanTicks))
        {
            cohort = Turn();
        }

        cohort.Add(1);
        return cohort;
    }

    /// <summary>How many have been going on for longer than the time.</summary>
    /// <param name="clients">Whose they are is added to this; null where clients are not told apart, or do not matter.</param>
    public long CountOld(ClientCounts? clients = null)
    {
        lock (_gate)
        {
            // The newest cohort may be old too: nothing has begun since.
            var old = _earlier.Append(_current).Where(cohort => time.GetElapsedTime(cohort.Begun) > _old + TimeSpan.FromTicks(_spanTicks)).ToList();
            old.ForEach(cohort => clients?.AddAll(cohort.Clients!));
            return old.Sum(cohort => cohort.Count);
        }
    }

    private Cohort Turn()
    {
        lock (_gate)
        {
            var current = _current;
            if (time.GetElapsedTime(current.Begun).Ticks <= _spanTicks)
            {
                return current;
            }

            for (var node = _earlier.First; node is not null;)
            {
                var next = node.Next;

                // A request may have read the cohort and not have entered yet. A whole age later it has; if not, it enters a cohort that
                // is no longer summed up, and counts as an ordinary request.
                if (node.Value.Count == 0 && time.GetElapsedTime(node.Value.Begun) > _old)
                {
                    _earlier.Remove(node);
                }

                node = next;
            }

            _earlier.AddLast(current);
            var turned = new Cohort(time.GetTimestamp(), tellsClients);
            Volatile.Write(ref _current, turned);
            return turned;
        }
    }

    private static long SpanOf(TimeSpan old, TimeSpan? longest) => Math.Min((old / CohortsPerAge).Ticks, longest?.Ticks ?? long.MaxValue);

    /// <summary>The responses that began at about the same time.</summary>
    internal sealed class Cohort(long begun, bool tellsClients)
    {
        private long _count;

        public long Begun { get; } = begun;

        /// <summary>Whose responses they are; null where that is not counted.</summary>
        public ClientCounts? Clients { get; } = tellsClients ? new() : null;

        public long Count => Volatile.Read(ref _count);

        public void Add(int change) => Interlocked.Add(ref _count, change);
    }
}

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>What a slot's meter read over the last time, to say what was counted in a window up to now. One writer at a time.</summary>
/// <param name="meter">The slot's meter.</param>
/// <param name="window">How far back a baseline reaches at most, asked for each time.</param>
/// <param name="time">The clock.</param>
internal sealed class SlotHistory(SlotMeter meter, Func<TimeSpan> window, TimeProvider time)
{
    /// <summary>How many readings cover the window.</summary>
    public const int Readings = 30;

    private readonly Lock _lock = new();
    private readonly Queue<(long At, MeterReading Reading, ClientSet Clients)> _past = [];
    private (long At, MeterReading Reading) _first = (time.GetTimestamp(), meter.Read());

    /// <summary>Takes a reading. Call this <see cref="Readings"/> times per window.</summary>
    public void Sample()
    {
        lock (_lock)
        {
            // A slot that answers nothing keeps one reading, however often it is taken.
            var reading = meter.Read();
            var last = _past.Count > 0 ? _past.Last().Reading : _first.Reading;
            _past.Enqueue((time.GetTimestamp(), reading.IsSameAs(last) ? last : reading, meter.TakeClients()));
            while (_past.Count > Readings)
            {
                var (at, oldest, _) = _past.Dequeue();
                _first = (at, oldest);
            }
        }
    }

    /// <summary>From now on nothing that was before counts: the slot holds something else, or takes traffic again.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            _past.Clear();
            _first = (time.GetTimestamp(), meter.Read());
            meter.TakeClients();
        }
    }

    /// <summary>What was counted in the window up to now, about how many clients there were, and how long that was.</summary>
    public (MeterReading Counted, int Clients, TimeSpan Length) UpToNow()
    {
        lock (_lock)
        {
            Sample();
            return Since(_past.Last().Reading, new ClientSet());
        }
    }

    /// <summary>The same without a reading: <see cref="UpToNow"/> pushes an old reading out, so calling it often would shorten the window.</summary>
    public (MeterReading Counted, int Clients, TimeSpan Length) Peek()
    {
        lock (_lock)
        {
            var clients = new ClientSet();
            clients.Add(meter.Clients);
            return Since(meter.Read(), clients);
        }
    }

    private (MeterReading Counted, int Clients, TimeSpan Length) Since(MeterReading now, ClientSet clients)
    {
        var longest = window();
        var (from, first) = _first;
        foreach (var (at, reading, seen) in _past)
        {
            if (time.GetElapsedTime(at) > longest)
            {
                (from, first) = (at, reading);
                continue;
            }

            clients.Add(seen);
        }

        return (now.Since(first), clients.Count, time.GetElapsedTime(from));
    }
}

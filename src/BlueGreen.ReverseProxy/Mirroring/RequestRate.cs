namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>Lets so many through per second and a tenth of a second's worth at once; without a lock.</summary>
/// <remarks>
/// The generic cell rate algorithm: one number says when the next one would be due at an even pace. Two callers at the same moment: one of
/// the exchanges fails, and that caller looks again.
/// </remarks>
internal sealed class RequestRate(int perSecond, TimeProvider time)
{
    private const int BurstsPerSecond = 10;

    private readonly long _interval = Math.Max(1, time.TimestampFrequency / perSecond);
    private readonly long _tolerance = Math.Max(time.TimestampFrequency / BurstsPerSecond, time.TimestampFrequency / perSecond) - 1;
    private long _due = long.MinValue / 2;

    public bool TryTake()
    {
        var now = time.GetTimestamp();
        while (true)
        {
            var due = Volatile.Read(ref _due);
            if (due - _tolerance > now)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _due, Math.Max(due, now) + _interval, due) == due)
            {
                return true;
            }
        }
    }
}

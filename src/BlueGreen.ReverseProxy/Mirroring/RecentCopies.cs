using System.Globalization;

namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>How the standby took the newest copies, and whether it suffers. Bounded.</summary>
/// <param name="limit">How long most answers may take to begin; null for no limit.</param>
internal sealed class RecentCopies(TimeSpan? limit)
{
    /// <summary>How many copies are looked at. Nothing is judged by fewer.</summary>
    public const int Window = 50;

    private const int Half = Window / 2;

    private readonly Lock _gate = new();

    // Null for a copy without a whole answer.
    private readonly TimeSpan?[] _newest = new TimeSpan?[Window];
    private long _count;

    /// <summary>Takes in how a copy ended.</summary>
    /// <param name="latency">The time until its answer began; null where there was no whole answer.</param>
    /// <returns>Why the standby suffers, for people; null if it does not.</returns>
    public string? Add(TimeSpan? latency)
    {
        lock (_gate)
        {
            _newest[_count++ % Window] = latency;
            return _count < Window ? null : WhyNot_NeedsLock();
        }
    }

    private string? WhyNot_NeedsLock()
    {
        var failed = _newest.Count(one => one is null);
        if (failed > Half)
        {
            return string.Create(CultureInfo.InvariantCulture, $"the standby gave no whole answer to {failed} of the last {Window} copies");
        }

        if (limit is not { } most || _newest.Count(one => one is null || one > most) is not (> Half and var slow))
        {
            return null;
        }

        // One without an answer took longer than any other.
        var median = _newest.Order(Comparer<TimeSpan?>.Create((left, right) => (left ?? TimeSpan.MaxValue).CompareTo(right ?? TimeSpan.MaxValue))).ElementAt(Half);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"the standby was too slow: {slow} of the last {Window} copies took longer than {most.TotalMilliseconds:0.###} ms until the answer began; their median is {(median is { } half ? $"{half.TotalMilliseconds:0.#} ms" : "no answer")}");
    }
}

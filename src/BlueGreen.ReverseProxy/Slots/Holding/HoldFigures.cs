namespace BlueGreen.ReverseProxy.Slots.Holding;

/// <summary>What became of the requests that a hold has met.</summary>
/// <param name="Waiting">How many wait now.</param>
/// <param name="Held">How many have waited or wait.</param>
/// <param name="Released">How many went on.</param>
/// <param name="Refused">How many were answered 503: too many waited, or the time was over.</param>
/// <param name="Canceled">How many went away while they waited.</param>
/// <param name="LongestWait">The longest wait so far, of those that still wait too.</param>
internal sealed record HoldFigures(int Waiting, long Held, long Released, long Refused, long Canceled, TimeSpan LongestWait)
{
    public static HoldFigures None { get; } = new(0, 0, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The figures of several services together.</summary>
    public static HoldFigures Sum(IEnumerable<HoldFigures> figures) => figures.Aggregate(None, (sum, other) => new(
        sum.Waiting + other.Waiting,
        sum.Held + other.Held,
        sum.Released + other.Released,
        sum.Refused + other.Refused,
        sum.Canceled + other.Canceled,
        sum.LongestWait > other.LongestWait ? sum.LongestWait : other.LongestWait));
}

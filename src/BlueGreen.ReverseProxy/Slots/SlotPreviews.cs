using BlueGreen.ReverseProxy.LongLived;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>The previews of a slot: how they are told to end.</summary>
/// <remarks>
/// Not by the slot's own signal. That one stays raised after a drain until the slot is active again, and it is just then that the slot is
/// the standby, which previews are for: they would be cancelled as they begin. Here the previews that have begun are ended, and those that
/// begin later get a round of their own.
/// <para>
/// The interleavings. A preview takes its round, then reads the destinations. <see cref="End"/> replaces the
/// round, then ends the old one. (1) The preview takes the round before the exchange: it is ended. (2) After the exchange: it goes on, and
/// reads the destinations that are there by then; so whoever deploys applies the destinations first and ends the previews then, and no
/// preview stays on a deployment that is gone. No drain waits
/// for previews, so none of this can hold one up.
/// </para>
/// </remarks>
internal sealed class SlotPreviews(TimeProvider time)
{
    /// <summary>How long previews that were told to end have until they are cancelled.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    // How long WebSockets and streams may wait for a pause in that time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private PreviewRound _round = new();
    private long _total;

    /// <summary>The round of a preview that begins now. Take it once per request.</summary>
    public PreviewRound Current => Volatile.Read(ref _round);

    /// <summary>How many previews have begun.</summary>
    public long Total => Volatile.Read(ref _total);

    public void Count() => Interlocked.Increment(ref _total);

    /// <summary>Asks the WebSockets and streams among the previews to close, and cancels what is left of the previews a little later.</summary>
    public void End()
    {
        var ended = Interlocked.Exchange(ref _round, new());

        // One that registers in this moment is not asked, but cancelled like all others.
        ended.LongLived.RequestClose(int.MaxValue, Patience);
        ended.CancelAfter(Grace, time);
    }

    /// <summary>Cancels the previews that have begun.</summary>
    public void Cancel() => Interlocked.Exchange(ref _round, new()).Ended.Raise();
}

/// <summary>Previews that end together.</summary>
internal sealed class PreviewRound
{
    // Kept alive by the leases: where none is left, nothing is left to cancel.
    private ITimer? _timer;

    public DrainSignal Ended { get; } = new();

    public LongLivedConnections LongLived { get; } = new();

    public void CancelAfter(TimeSpan grace, TimeProvider time) =>
        _timer ??= time.CreateTimer(static signal => ((DrainSignal)signal!).Raise(), Ended, grace, Timeout.InfiniteTimeSpan);
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Holding;

/// <summary>Waits until the slots of held services have nothing in flight.</summary>
/// <remarks>
/// The services are held: a table says so that was published before. So the counts only fall, but for the moment in which a request that read
/// an earlier table has incremented and has not looked again (see <see cref="SlotSelector"/>). Such a request is served nowhere. So slots that
/// were each seen idle once stay idle, and need not be seen idle at the same moment.
/// </remarks>
internal sealed class HoldIdle(LeavingLock leaving, TimeProvider time)
{
    // How long previews have to end by themselves: clients wait for them.
    private static readonly TimeSpan PreviewGrace = TimeSpan.FromMilliseconds(500);

    // Of what no count tells by itself that it has fallen to zero: previews, and requests apart from streams.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan LeavingPollInterval = TimeSpan.FromMilliseconds(50);

    // Nothing is gained by spreading it: whoever reconnects waits, and the sooner all have left, the shorter.
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(1);
    private const double PatienceShare = 0.1;

    /// <summary>Waits until nothing at all is in flight: long-lived connections are asked to close, previews are ended.</summary>
    /// <param name="slots">Both slots of each service.</param>
    /// <param name="since">The monotonic time at which the hold began.</param>
    /// <param name="limit">How long it may take, from that time on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether the slots are idle.</returns>
    public async Task<bool> WaitForAllAsync(IReadOnlyList<Slot> slots, long since, TimeSpan limit, CancellationToken cancellationToken)
    {
        var patience = limit * PatienceShare < LongestPatience ? limit * PatienceShare : LongestPatience;
        var schedule = new GracefulCloseSchedule(TimeSpan.Zero, TimeSpan.Zero, patience);
        var previews = EndPreviewsAsync(slots, since, limit, cancellationToken);
        var drains = slots.Select(slot => SlotDrain.RunAsync(slot, schedule, since, limit, time, cancellationToken));
        var idle = await Task.WhenAll([previews, .. drains]);
        return idle.All(isIdle => isIdle) && await IsAloneAsync(since, limit, cancellationToken);
    }

    // Another process may still drain what it took before this one had the state; the disk that knows may hang.
    private async Task<bool> IsAloneAsync(long since, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (await Task.Run(leaving.IsAnotherLeaving, cancellationToken).WaitAsync(cancellationToken))
        {
            if (time.GetElapsedTime(since) >= limit)
            {
                return false;
            }

            await Task.Delay(LeavingPollInterval, time, cancellationToken);
        }

        return true;
    }

    /// <summary>Waits until no ordinary request is in flight; WebSockets, streams, gRPC calls and previews go on.</summary>
    /// <inheritdoc cref="WaitForAllAsync"/>
    public Task<bool> WaitForRequestsAsync(IReadOnlyList<Slot> slots, long since, TimeSpan limit, CancellationToken cancellationToken) =>
        PollAsync(() => slots.All(slot => slot.Work.Requests == 0), since, limit, cancellationToken);

    /// <summary>Whether nothing at all is in flight.</summary>
    public static bool IsIdle(Service service) => SlotNames.All.All(name => IsIdle(service[name]));

    /// <summary>What is in flight, for people.</summary>
    public static string Describe(IEnumerable<(string Service, Slot Slot)> slots)
    {
        var found = slots.Where(entry => !IsIdle(entry.Slot)).Select(entry =>
        {
            var (work, inFlight) = (entry.Slot.Work, entry.Slot.InFlight);
            string?[] parts =
            [
                Count(work.Requests, "request"), Count(work.Streams, "stream"), Count(work.Upgrades, "WebSocket"), Count(inFlight.Previews, "preview"), Count(inFlight.Mirrored, "mirrored request"),
            ];
            return $"{string.Join(", ", parts.OfType<string>())} on {entry.Slot.Name.ToText()} of {entry.Service}";
        }).ToList();
        return found.Count == 0 ? "nothing is in flight here" : $"still in flight: {string.Join("; ", found)}";
    }

    private static string? Count(long count, string what) => count == 0 ? null : Counted.Of(count, what);

    private static bool IsIdle(Slot slot) => slot.InFlight is { Count: 0, Previews: 0, Mirrored: 0 };

    private async Task<bool> EndPreviewsAsync(IReadOnlyList<Slot> slots, long since, TimeSpan limit, CancellationToken cancellationToken)
    {
        foreach (var slot in slots.Where(slot => slot.InFlight.Previews > 0))
        {
            slot.Previews.End();
        }

        return await PollAsync(
            () =>
            {
                var left = slots.Where(slot => slot.InFlight.Previews + slot.InFlight.Mirrored > 0).ToList();
                if (time.GetElapsedTime(since) >= PreviewGrace)
                {
                    // Each time anew: one that was let in just before the hold may have begun after the others were told.
                    left.ForEach(slot => slot.Previews.Cancel());
                }

                return left.Count == 0;
            },
            since,
            limit,
            cancellationToken);
    }

    private async Task<bool> PollAsync(Func<bool> isIdle, long since, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (!isIdle())
        {
            if (time.GetElapsedTime(since) >= limit)
            {
                return false;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }

        return true;
    }
}

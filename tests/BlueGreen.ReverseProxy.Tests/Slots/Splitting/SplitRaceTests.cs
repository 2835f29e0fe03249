using System.Collections.Concurrent;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots.Splitting;

/// <summary>Requests on real threads while rows of all kinds are published at random: shifts, switches, steps back, holds, maintenance, previews, budgets.</summary>
public sealed class SplitRaceTests
{
    private const int Rounds = 10_000;
    private const int MaxRequests = 3_000_000;
    private const int Keys = 64;

    // A request may be served by a slot only if a row permits that which was in force at some time between its beginning and its choice.
    // Rows are acknowledged after they are published, so the first of these is the row that was acknowledged last when the request began.
    // And once a slot that a row leaves was seen without requests, none is served there until another row enters it.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Requests_WhileRowsOfAllKindsAreSwapped_GoOnlyWhereAnAcknowledgedRowSendsTheirKey(int seed)
    {
        var services = Services.Catalog("orders");
        var orders = services.All[0];
        var tables = new RoutingTablePublisher(services);
        var slots = new SlotSelector(tables, TimeProvider.System);
        var rows = new ConcurrentDictionary<int, ServiceRoute> { [0] = tables.Current.RouteOf(orders) };
        var (published, acknowledged) = (0, 0);
        var done = false;
        var wrong = new ConcurrentBag<string>();
        var seen = new long[4];
        var drained = new bool[2];
        var limited = new ConcurrentDictionary<SplitWatch, bool>();
        var clients = Enumerable.Range(0, 2).Select(number => Thread(() =>
        {
            var random = new Random((seed * 100) + number);
            for (var request = 0; request < MaxRequests && !Volatile.Read(ref done); request++)
            {
                var hash = (ulong)random.Next(Keys) * (TrafficSplit.Whole / Keys);
                var purpose = random.Next(8) == 0 ? Purpose.Preview : Purpose.Serve;
                var first = Volatile.Read(ref acknowledged);
                var table = tables.Current;
                var key = new RequestKey(orders, (_, _) => new SplitKey(hash));
                using var lease = slots.Acquire(orders, ref table, ref key, purpose);
                var last = Volatile.Read(ref published);
                var isPermitted = Enumerable.Range(first, last - first + 1).Any(row => Permits(rows[row], hash, purpose, lease?.Slot.Name, limited));
                if (lease is { Purpose: Purpose.Serve } && Volatile.Read(ref drained[(int)lease.Slot.Name]))
                {
                    wrong.Add($"{lease.Slot.Name} had drained, at row {last}");
                }

                if (!isPermitted)
                {
                    wrong.Add($"{hash} for {purpose} to {lease?.Slot.Name}: rows {first} to {last}, {rows[first]}, {rows[last]}");
                }

                Interlocked.Increment(ref seen[lease is null ? 0 : purpose == Purpose.Preview ? 1 : lease.IsShifted ? 2 : 3]);
                lease?.BeginResponse();
            }
        })).ToList();
        var rows2 = new Random(seed);
        var release = 0;
        var watches = new List<SplitWatch>();
        for (var round = 1; (round <= Rounds || seen.Contains(0)) && !clients.TrueForAll(client => client.IsCompleted); round++)
        {
            var row = Next(rows2, rows[round - 1], ref release, watches, limited);
            rows[round] = row;
            Volatile.Write(ref published, round);
            bool IsLeft(SlotName slot) => row.Maintenance is not null || row.Hold is not null || !row.Serves(slot);
            foreach (var slot in SlotNames.All.Where(slot => !IsLeft(slot)))
            {
                Volatile.Write(ref drained[(int)slot], false);
            }

            tables.Route([(orders, row)]);
            Volatile.Write(ref acknowledged, round);
            foreach (var slot in SlotNames.All.Where(IsLeft))
            {
                var spin = new SpinWait();
                while (orders[slot].InFlight.Count != 0)
                {
                    spin.SpinOnce();
                }

                Volatile.Write(ref drained[(int)slot], true);
            }
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(clients);

        wrong.Should().BeEmpty();
        seen.Should().NotContain(0, "a race in which something never happened says nothing about it");
        SlotNames.All.Select(slot => (orders[slot].InFlight.Count, orders[slot].InFlight.Previews)).Should().AllBeEquivalentTo((0L, 0L));
        watches.Should().OnlyContain(watch => watch.Unanswered == 0, "nobody is counted who does not wait");
    }

    private static ServiceRoute Next(Random random, ServiceRoute now, ref int release, List<SplitWatch> watches, ConcurrentDictionary<SplitWatch, bool> limited)
    {
        switch (random.Next(11))
        {
            case 10:
                return now with { Hold = now.Hold is null ? new Hold($"h{++release}", 1, TimeSpan.FromHours(1), DateTimeOffset.UtcNow, IsOfRelease: false) : null };
            case 0:
                return now with { Maintenance = now.Maintenance is null ? new Maintenance(null, 60) : null };
            case 1 or 2 when now.Split is { } split:
                // The switch, or the way back.
                return now with { Active = random.Next(2) == 0 ? split.To : now.Active, Split = null };
            case 3 when now.Split is null:
                return now with { Active = now.Active.Other() };
            case 4 when now.Split is { Watch: var full }:
                limited[full] = true;
                full.Allow(random.Next(4), 1, 0, full.NewResponses.Bad);
                return now;
        }

        if (now.Split is { } grown)
        {
            return now with { Split = grown with { Weight = Math.Min(TrafficSplit.Whole, grown.Weight * 2) } };
        }

        var watch = new SplitWatch(isByRequest: false, TimeProvider.System);
        watches.Add(watch);
        return now with { Split = new TrafficSplit(now.Active.Other(), random.Next(1, 2_000), new SplitKeying($"r{++release}", TrafficKeyKind.Client), watch) };
    }

    private static bool Permits(ServiceRoute row, ulong hash, Purpose purpose, SlotName? slot, ConcurrentDictionary<SplitWatch, bool> limited)
    {
        if (row.Hold is not null)
        {
            return slot is null;
        }

        if (purpose == Purpose.Preview)
        {
            return slot == row.Active.Other();
        }

        if (row.Maintenance is not null || slot is null)
        {
            return row.Maintenance is not null && slot is null;
        }

        // The active slot takes whoever finds no room on the other one.
        return row.Split is { } split && split.Takes(new SplitKey(hash)) ? slot == split.To || (slot == row.Active && limited.ContainsKey(split.Watch)) : slot == row.Active;
    }

    private static Task Thread(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

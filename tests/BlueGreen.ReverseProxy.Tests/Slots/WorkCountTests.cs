using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Slots;

/// <summary>The counts by kind, through whatever happens to the work.</summary>
public sealed class WorkCountTests
{
    private static readonly HttpResponse Response = new DefaultHttpContext().Response;

    private enum Step
    {
        Open = 0,
        BeginResponse = 1,
        BecomeStream = 2,
        BecomeUpgrade = 3,
        BecomeGrpc = 4,
        Close = 5,
        DeadlinePasses = 6,
        SlotIsActiveAgain = 7,
        TimePasses = 8,
    }

    [Fact]
    public void Counts_AfterAnySequence_AreWhatIsOpenAndEndAtZero()
    {
        Gen.Choose(0, 8).Select(step => (Step)step).HoldsForSequences(
            steps =>
            {
                var time = new ManualTime();
                var slot = new Slot(SlotName.Blue, "orders-blue", new LongLivedOptions { StreamAfter = TimeSpan.FromSeconds(10) }, time);
                var open = new Queue<SlotLease>();
                var begun = new HashSet<SlotLease>();
                foreach (var step in steps)
                {
                    if (step == Step.BeginResponse && open.TryPeek(out var next))
                    {
                        begun.Add(next);
                    }

                    Take(step, slot, open, time);
                    slot.InFlight.Counts.Should().Be(new WorkCounts(Of(open, WorkKind.Request), Of(open, WorkKind.Stream), Of(open, WorkKind.Upgrade)));

                    // Of all kinds: only an ordinary request whose response goes on for long is counted as another kind.
                    var work = slot.Work;
                    var old = work.Streams - Of(open, WorkKind.Stream);
                    work.Upgrades.Should().Be(Of(open, WorkKind.Upgrade));
                    old.Should().BeInRange(0, open.Count(lease => lease.Kind == WorkKind.Request && begun.Contains(lease)));
                    work.Requests.Should().Be(Of(open, WorkKind.Request) - old);
                }

                while (open.TryDequeue(out var lease))
                {
                    lease.Dispose();
                }

                slot.Work.Should().Be(new WorkCounts(0, 0, 0));
                slot.LongLived.Count.Should().Be(0);
                slot.InFlight.WhenIdleAsync(CancellationToken.None).IsCompletedSuccessfully.Should().BeTrue();
            },
            tests: 300,
            length: 60);
    }

    // Every thread opens, changes and closes as it likes while others do the same and the slot drains and comes back.
    [Fact]
    public void Counts_ChangedByManyThreads_NeverGoNegativeAndEndAtZero()
    {
        var slot = new Slot(SlotName.Blue, "orders-blue");
        using var stop = new CancellationTokenSource();
        var watcher = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var counts = slot.InFlight.Counts;

                // A borrow between the packed counts would show as two million.
                counts.Requests.Should().BeInRange(0, 100);
                counts.Streams.Should().BeInRange(0, 100);
                counts.Upgrades.Should().BeInRange(0, 100);
            }
        });
        watcher.Start();
        var threads = Enumerable.Range(0, 4).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            var open = new Queue<SlotLease>();
            for (var step = 0; step < 50_000; step++)
            {
                Take((Step)random.Next(open.Count > 20 ? 5 : 0, 8), slot, open, time: null);
            }

            while (open.TryDequeue(out var lease))
            {
                lease.Dispose();
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        stop.Cancel();
        watcher.Join();

        slot.Work.Should().Be(new WorkCounts(0, 0, 0));
        slot.LongLived.Count.Should().Be(0);
    }

    [Fact]
    public void Response_ThatGoesOnForLong_CountsAsAStreamUntilItEnds()
    {
        var time = new ManualTime();
        var slot = new Slot(SlotName.Blue, "orders-blue", new LongLivedOptions { StreamAfter = TimeSpan.FromSeconds(10) }, time);
        using var waiting = Open(slot);
        var lease = Open(slot);
        lease.BeginResponse();

        time.Advance(TimeSpan.FromSeconds(10));
        slot.Work.Should().Be(new WorkCounts(2, 0, 0), "the one has just reached its time, the other has not begun to answer");

        time.Advance(TimeSpan.FromSeconds(2));
        slot.Work.Should().Be(new WorkCounts(1, 1, 0));

        lease.Dispose();
        slot.Work.Should().Be(new WorkCounts(1, 0, 0));
    }

    [Fact]
    public void Upgrade_WhoseResponseHasBegun_MakesNoRequestAStream()
    {
        var time = new ManualTime();
        var slot = new Slot(SlotName.Blue, "orders-blue", new LongLivedOptions { StreamAfter = TimeSpan.FromSeconds(10) }, time);
        var sockets = Enumerable.Range(0, 3).Select(_ => Open(slot)).ToList();
        foreach (var socket in sockets)
        {
            // As the proxy does it: first the response that accepts the upgrade, then the upgrade.
            socket.BeginResponse();
            socket.ReclassifyAs(WorkKind.Upgrade);
        }

        using var first = Open(slot);
        using var second = Open(slot);
        time.Advance(TimeSpan.FromMinutes(1));

        slot.Work.Should().Be(new WorkCounts(2, 0, 3));

        sockets.ForEach(socket => socket.Dispose());
        slot.Work.Should().Be(new WorkCounts(2, 0, 0));
    }

    private static long Of(IEnumerable<SlotLease> open, WorkKind kind) => open.Count(lease => lease.Kind == kind);

    private static SlotLease Open(Slot slot)
    {
        slot.InFlight.Increment();
        return new SlotLease(slot);
    }

    private static void Take(Step step, Slot slot, Queue<SlotLease> open, ManualTime? time)
    {
        switch (step)
        {
            case Step.Open:
                open.Enqueue(Open(slot));
                break;
            case Step.DeadlinePasses when time is not null:
                slot.Drain.Raise();
                break;
            case Step.SlotIsActiveAgain when time is not null:
                slot.Reactivate();
                break;
            case Step.TimePasses:
                time?.Advance(TimeSpan.FromSeconds(7));
                break;
            case not (Step.DeadlinePasses or Step.SlotIsActiveAgain) when open.TryDequeue(out var lease):
                Change(step, lease, slot);
                if (step == Step.Close)
                {
                    lease.Dispose();
                }
                else
                {
                    open.Enqueue(lease);
                }

                break;
        }
    }

    private static void Change(Step step, SlotLease lease, Slot slot)
    {
        switch (step)
        {
            case Step.BeginResponse:
                lease.BeginResponse();
                break;
            case Step.BecomeStream when lease.Kind == WorkKind.Request:
                lease.ReclassifyAs(WorkKind.Stream);
                break;
            case Step.BecomeUpgrade when lease.Kind == WorkKind.Request:
                lease.ReclassifyAs(WorkKind.Upgrade);
                lease.RegisterLongLived(new GracefulCloseReader(Stream.Null, new OpaqueScanner(), waitsForPause: false, TimeProvider.System));
                break;
            case Step.BecomeGrpc when !lease.IsGrpc:
                lease.BeginGrpcCall(TimeProvider.System);
                break;
        }
    }
}

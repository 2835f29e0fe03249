using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>A new slot that does not answer in time, whether its clients wait or leave.</summary>
public sealed class HangTests
{
    private static readonly BakeBaseline Good = BakePlanTests.Baseline(100_000, 100, latencies: 100_000);

    private readonly ManualTime _time = new();

    [Fact]
    public void Requests_ThatAreNeverAnswered_FailTheBakeAtTheLimit()
    {
        var (monitor, slot) = Watch();
        var leases = Enumerable.Range(0, 20).Select(client => Ask(slot, client)).ToList();

        _time.Advance(TimeSpan.FromSeconds(0.9));
        monitor.Judge().Finding.Should().BeNull("it may still answer");
        _time.Advance(TimeSpan.FromSeconds(0.6));

        var (figures, finding) = monitor.Judge();
        finding!.Metric.Should().Be("hangs");
        finding.Reason.Should().MatchRegex(@"^20 of 20 requests got no response within 1[01]\d\d(\.\d)? ms on green; blue 0 %; evidence");
        figures.Responses.Should().Be(0, "not one response has come");
        leases.ForEach(lease => lease.Dispose());
    }

    [Fact]
    public void Clients_ThatLeaveAfterTheLimit_FailTheBake()
    {
        var (monitor, slot) = Watch();
        Leave(slot, count: 20, after: TimeSpan.FromSeconds(2));

        var (figures, finding) = monitor.Judge();
        finding!.Metric.Should().Be("hangs");
        Hangs(figures).Should().Be((20L, 20L, 20));
    }

    [Fact]
    public void Clients_ThatLeaveBefore_SayNothing()
    {
        var (monitor, slot) = Watch();
        Leave(slot, count: 50, after: TimeSpan.FromMilliseconds(800));

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        Hangs(figures).Should().Be((0L, 0L, 0));
    }

    // Whatever comes after the headers may take an hour.
    [Fact]
    public void Streams_ThatHaveBegun_DoNotHang()
    {
        var (monitor, slot) = Watch();
        var leases = Enumerable.Range(0, 20).Select(client => Ask(slot, client)).ToList();
        leases.ForEach(lease => lease.Answer(_time.GetTimestamp(), TimeSpan.FromMilliseconds(20)));
        _time.Advance(TimeSpan.FromHours(1));

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        Hangs(figures).Should().Be((20L, 0L, 0));
        leases.ForEach(lease => lease.Dispose());
        Hangs(monitor.Judge().Figures).Should().Be((20L, 0L, 0), "the end of a stream is no answer more");
    }

    [Fact]
    public void Responses_ThatComeTooLate_AreCountedOnce()
    {
        var (monitor, slot) = Watch(new BakeOptions { HangAfter = TimeSpan.FromSeconds(3), Alpha = 0.000001 });
        var lease = Ask(slot, 1);
        _time.Advance(TimeSpan.FromSeconds(4));
        Hangs(monitor.Judge().Figures).Should().Be((1L, 1L, 1));

        lease.Answer(_time.GetTimestamp(), TimeSpan.FromSeconds(4));
        lease.Dispose();

        Hangs(monitor.Judge().Figures).Should().Be((1L, 1L, 1));
    }

    [Fact]
    public void OneClient_ThatHangsAgainAndAgain_IsGuarded()
    {
        var (monitor, slot) = Watch();
        for (var client = 0; client < 500; client++)
        {
            using var lease = Ask(slot, client % 50);
            lease.Answer(_time.GetTimestamp(), TimeSpan.FromMilliseconds(20));
        }

        var hanging = Enumerable.Range(0, 50).Select(_ => Ask(slot, 7)).ToList();
        _time.Advance(TimeSpan.FromSeconds(3));

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        figures.Metrics[^1].Status.Should().Be("guarded");
        figures.Metrics[^1].Detail.Should().Contain("all of them went to one client");
        hanging.ForEach(lease => lease.Dispose());
    }

    [Fact]
    public void Reason_OfRequestsThatHang_NamesDestinationAndRoute()
    {
        var (monitor, slot) = Watch();
        var (pay, list) = (slot.Meter.Strata.Add("pay"), slot.Meter.Strata.Add("list"));
        for (var client = 0; client < 500; client++)
        {
            using var lease = Ask(slot, client);
            (lease.Destination, lease.Stratum) = ("g1", list);
            lease.Answer(_time.GetTimestamp(), TimeSpan.FromMilliseconds(20));
        }

        // Half of them still wait when the look comes, and half were answered too late.
        var hanging = Enumerable.Range(0, 40).Select(client => Ask(slot, client)).ToList();
        hanging.ForEach(lease => (lease.Destination, lease.Stratum) = ("g2", pay));
        _time.Advance(TimeSpan.FromSeconds(3));
        hanging.Take(20).ToList().ForEach(lease => lease.Answer(_time.GetTimestamp(), TimeSpan.FromSeconds(3)));
        var fresh = Enumerable.Range(0, 100).Select(client => Ask(slot, client)).ToList();
        fresh.ForEach(lease => (lease.Destination, lease.Stratum) = ("g1", list));

        var (_, finding) = monitor.Judge();

        finding!.Reason.Should().MatchRegex("; of [0-9]+ looked at, all at destination g2; all of route pay$");
        hanging.Concat(fresh).ToList().ForEach(lease => lease.Dispose());
    }

    [Fact]
    public void Reason_OfRequestsThatHangInTwoPlaces_NamesBoth()
    {
        var (monitor, slot) = Watch(new BakeOptions { StratifyBy = StratifyBy.None });
        for (var client = 0; client < 40; client++)
        {
            using var lease = Ask(slot, client);
            lease.Destination = client < 30 ? "g2" : "g1";
            lease.Answer(_time.GetTimestamp(), TimeSpan.FromSeconds(3));
        }

        monitor.Judge().Finding!.Reason.Should().EndWith("; of 40 looked at, 30 at destination g2, 10 at destination g1");
    }

    [Fact]
    public void Counts_OfTheLastProcess_AreGoneOnWith()
    {
        var (monitor, slot) = Watch(new BakeOptions { Alpha = 0.000001 });
        Leave(slot, count: 2, after: TimeSpan.FromSeconds(2));

        var (again, next) = Watch(new BakeOptions { Alpha = 0.000001 }, carried: monitor.Judge().Figures);
        Leave(next, count: 3, after: TimeSpan.FromSeconds(2));

        Hangs(again.Judge().Figures).Should().Be((5L, 5L, 3));
    }

    [Fact]
    public void End_OfTheWatch_LeavesTheSlotWithoutOne()
    {
        var (monitor, slot) = Watch();
        slot.Hangs.Should().NotBeNull();

        monitor.End();

        slot.Hangs.Should().BeNull();
    }

    [Theory]
    [InlineData(100_000, 15_000, null, 1.0, 1.1)]
    [InlineData(100_000, 3_000_000, null, 4.0, 4.4)]
    [InlineData(10, 15_000, null, 10.0, 10.7)]
    [InlineData(100_000, 300_000_000, null, 239.0, 256.0)]
    [InlineData(100_000, 15_000, 2.0, 2.0, 2.2)]
    public void Limit_OfThePast_IsASecondAboveWhatIsUsual(int latencies, long microseconds, double? configured, double from, double to)
    {
        var options = new BakeOptions { HangAfter = configured is { } seconds ? TimeSpan.FromSeconds(seconds) : null };

        BakePlan.Of(options, BakePlanTests.Baseline(latencies, 0, latencies: latencies, microseconds: microseconds)).HangAfter.TotalSeconds.Should().BeInRange(from, to);
    }

    // A request costs a few interlocked operations.
    [Fact]
    public void Wait_OfARequest_AllocatesNothing()
    {
        var (_, slot) = Watch();
        var lease = new SlotLease(slot) { StartedAt = _time.GetTimestamp() };
        void Wait()
        {
            lease.AwaitResponse(slot.Hangs!, 7);
            lease.Answer(_time.GetTimestamp(), TimeSpan.FromMilliseconds(5));
        }

        Wait();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < 1000; index++)
        {
            Wait();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    private SlotLease Ask(Slot slot, int client)
    {
        slot.InFlight.Increment(Purpose.Serve);
        var lease = new SlotLease(slot) { StartedAt = _time.GetTimestamp() };
        lease.AwaitResponse(slot.Hangs!, client);
        return lease;
    }

    private void Leave(Slot slot, int count, TimeSpan after)
    {
        var leases = Enumerable.Range(0, count).Select(client => Ask(slot, client)).ToList();
        _time.Advance(after);
        foreach (var lease in leases)
        {
            lease.EndWait(Fault.Client, after);
            lease.Dispose();
        }
    }

    private static (long N, long Bad, int Clients) Hangs(ServiceFigures figures)
    {
        var hangs = figures.Metrics.Single(metric => metric.Name == "hangs");
        return (hangs.N, hangs.Bad, hangs.Clients);
    }

    private (ServiceMonitor Watch, Slot Slot) Watch(BakeOptions? options = null, ServiceFigures? carried = null)
    {
        options ??= new BakeOptions();
        var entry = new Service(0, new ServiceOptions { Name = "orders", Blue = "b", Green = "g", Bake = options }, _time);
        var release = new ReleasedService("orders", SlotName.Blue, SlotName.Green, 2);
        return (new ServiceMonitor(entry, release, BakePlan.Of(options, Good), carried, TimeSpan.Zero, _time), entry.Green);
    }
}

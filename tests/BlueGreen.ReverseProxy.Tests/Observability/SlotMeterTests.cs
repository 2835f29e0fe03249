using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Observability;

public sealed class SlotMeterTests
{
    [Fact]
    public void Bucket_OfAnyLatency_HoldsItAndIsNarrow() => Gen.Choose(0, int.MaxValue / 16).Holds(microseconds =>
    {
        var bucket = LatencyBuckets.Of(microseconds);
        var end = LatencyBuckets.UpperEnd(bucket);
        end.Should().BeGreaterThan(microseconds);
        (end - microseconds).Should().BeLessThanOrEqualTo(Math.Max(1, (microseconds / 16) + 1));
        LatencyBuckets.Of(end).Should().Be(bucket + 1);
        LatencyBuckets.Of(end - 1).Should().Be(bucket);
    });

    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(long.MaxValue, LatencyBuckets.Count - 1)]
    public void Bucket_OfTheExtremes_IsOneOfThem(long microseconds, int bucket) => LatencyBuckets.Of(microseconds).Should().Be(bucket);

    [Fact]
    public void Meter_ManyThreads_LosesNothing()
    {
        var meter = new SlotMeter(SlotName.Green, FailureCodes.ErrorsOnly) { Observer = new ResponseObserver(1, [1000], TimeProvider.System) };

        Parallel.For(0, 100_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, index =>
            meter.Add(new ResponseOutcome(index % 10 == 0 ? 500 : 204, Fault.None, index % 2000, Begun: true, Upgraded: false, index)));

        var reading = meter.Read();
        reading.Trials.Should().Be(100_000);
        reading.OfClass(5).Should().Be(10_000);
        reading.Bad(FailureCodes.Errors).Should().Be(10_000);
        reading.Latency.Should().Be(100_000);
        reading.AtLeast(1024).Should().Be(50L * (2000 - 1024));
    }

    // A response that is counted while its slot is read may be missing, but is never bad without being counted.
    [Fact]
    public async Task Read_WhileResponsesAreCounted_HasNoMoreBadThanTrials()
    {
        var meter = new SlotMeter(SlotName.Green, FailureCodes.ErrorsOnly);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(client => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                meter.Add(new ResponseOutcome(500, Fault.Destination, 5000, Begun: true, Upgraded: false, client));
            }
        })).ToList();

        // A few looks of a hundred thousand hit that moment, so it takes as many.
        var torn = 0;
        for (var look = 0; look < 200_000; look++)
        {
            var reading = meter.Read();
            torn += reading.Bad(FailureCodes.Errors) > reading.Trials ? 1 : 0;
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        torn.Should().Be(0);
        meter.Read().Bad(FailureCodes.Errors).Should().Be(meter.Read().Trials);
    }

    // The earlier reading fell between the two cells of a response.
    [Fact]
    public void Since_TornReading_HasNoMoreBadThanTrials()
    {
        var earlier = new long[MeterReading.Cells];
        earlier[MeterReading.ClassCell(500)] = 7;
        earlier[MeterReading.MetricCell(FailureCodes.Errors)] = 6;
        var now = (long[])earlier.Clone();
        now[MeterReading.ClassCell(500)] = 9;
        now[MeterReading.MetricCell(FailureCodes.Errors)] = 9;

        var since = new MeterReading(now).Since(new MeterReading(earlier));

        (since.Trials, since.Bad(FailureCodes.Errors)).Should().Be((2L, 2L));
    }

    [Fact]
    public void Add_WhileWatched_AllocatesNothing()
    {
        var meter = new SlotMeter(SlotName.Green, FailureCodes.ErrorsOnly) { Observer = new ResponseObserver(1, [1000], TimeProvider.System) };
        void Add() => meter.Add(new ResponseOutcome(500, Fault.Destination, 5000, Begun: true, Upgraded: false, 7));
        Add();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < 1000; index++)
        {
            Add();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    // By hand: Σ(c−k·s)²/(k·(1−Σs²)), with the four clients in four groups.
    [Theory]
    [InlineData(new[] { 9, 1, 0, 0 }, new[] { 100, 100, 100, 100 }, 7.6)]
    [InlineData(new[] { 10, 0, 0, 0 }, new[] { 40, 120, 120, 120 }, 15)]
    [InlineData(new[] { 5, 5, 0, 0 }, new[] { 50, 50, 0, 0 }, 1)]
    [InlineData(new[] { 5, 0, 0, 0 }, new[] { 50, 0, 0, 0 }, 1)]
    [InlineData(new[] { 0, 0, 0, 0 }, new[] { 50, 0, 0, 0 }, 1)]
    public void Dispersion_OfBadAmongAll_IsTheDesignEffect(int[] bad, int[] all, double expected)
    {
        var (own, traffic) = (new ClientCounts(), new ClientCounts());
        for (var client = 0; client < bad.Length; client++)
        {
            Add(own, client, bad[client]);
            Add(traffic, client, all[client]);
        }

        own.SpreadAgainst(traffic).Dispersion.Should().BeApproximately(expected, 1e-9);

        static void Add(ClientCounts counts, int client, int times)
        {
            for (var time = 0; time < times; time++)
            {
                counts.Add(client);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    [InlineData(1000)]
    public void ClientSet_OfSoManyClients_KnowsAboutHowMany(int clients)
    {
        var set = new ClientSet();
        for (var index = 0; index < clients * 3; index++)
        {
            set.Add(unchecked((int)((index % clients) * 2246822519u)));
        }

        set.Count.Should().BeInRange((int)(clients * 0.85), (int)(clients * 1.15) + 1);
    }

    [Fact]
    public void History_WindowMovesOn_ForgetsWhatIsOlder()
    {
        var time = new ManualTime();
        var meter = new SlotMeter(SlotName.Blue, FailureCodes.ErrorsOnly);
        var history = new SlotHistory(meter, () => TimeSpan.FromMinutes(30), time);
        for (var minute = 0; minute < 90; minute++)
        {
            meter.Add(new ResponseOutcome(minute < 60 ? 500 : 200, Fault.None, 1000, Begun: true, Upgraded: false, minute % 3));
            time.Advance(TimeSpan.FromMinutes(1));
            history.Sample();
        }

        var (counted, clients, length) = history.UpToNow();
        counted.Trials.Should().BeInRange(29, 31);
        counted.Bad(FailureCodes.Errors).Should().BeLessThanOrEqualTo(1);
        clients.Should().Be(3);
        length.Should().BeCloseTo(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void History_LookedAtOften_KeepsItsWindow()
    {
        var time = new ManualTime();
        var meter = new SlotMeter(SlotName.Blue, FailureCodes.ErrorsOnly);
        var history = new SlotHistory(meter, () => TimeSpan.FromMinutes(30), time);
        meter.Add(new ResponseOutcome(200, Fault.None, 1000, Begun: true, Upgraded: false, 1));
        history.Sample();
        meter.Add(new ResponseOutcome(200, Fault.None, 1000, Begun: true, Upgraded: false, 2));
        time.Advance(TimeSpan.FromMinutes(1));

        for (var look = 0; look < 2 * SlotHistory.Readings; look++)
        {
            var (counted, clients, length) = history.Peek();
            (counted.Trials, clients, length).Should().Be((2L, 2, TimeSpan.FromMinutes(1)));
        }

        history.UpToNow().Clients.Should().Be(2, "looking takes nothing away");
    }

    [Fact]
    public void History_Restarted_BeginsThere()
    {
        var meter = new SlotMeter(SlotName.Blue, FailureCodes.ErrorsOnly);
        var history = new SlotHistory(meter, () => TimeSpan.FromMinutes(30), new ManualTime());
        meter.Add(new ResponseOutcome(500, Fault.None, 1000, Begun: true, Upgraded: false, 1));

        history.Restart();
        meter.Add(new ResponseOutcome(200, Fault.None, 1000, Begun: true, Upgraded: false, 2));

        var (counted, clients, _) = history.UpToNow();
        (counted.Trials, counted.Bad(FailureCodes.Errors), clients).Should().Be((1L, 0L, 1));
    }
}

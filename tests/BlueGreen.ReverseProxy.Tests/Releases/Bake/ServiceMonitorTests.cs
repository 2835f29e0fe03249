using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>What a watch makes of the responses that a meter counts.</summary>
public sealed class ServiceMonitorTests
{
    private static readonly BakeBaseline Good = BakePlanTests.Baseline(100_000, 100, latencies: 100_000);

    // What another process has given them.
    private static readonly StratumNames Routes = new(StratifyBy.Route);

    private readonly ManualTime _time = new();

    [Fact]
    public void Errors_FromSeveralClients_FailTheBake()
    {
        var (monitor, slot) = Watch();

        Serve(slot, 200, count: 228, clients: 50);
        Serve(slot, 500, count: 12, clients: 12);

        var (figures, finding) = monitor.Judge();
        finding!.Reason.Should().StartWith("12 of 240 responses failed on green; blue 0.1 %; evidence 1·10");
        finding.Action.Should().Be(BakeFailureAction.Rollback);
        var errors = figures.Metrics[0];
        (errors.Name, errors.N, errors.Bad, errors.Clients, errors.Status).Should().Be(("5xx", 240L, 12L, 12, "failed"));
        errors.LnE.Should().BeGreaterThan(errors.Threshold!.Value);
        errors.Baseline.Should().Be(0.001);
    }

    [Fact]
    public void Errors_AtTheRateOfThePast_FailNothing()
    {
        var (monitor, slot) = Watch();

        Serve(slot, 200, count: 99_900, clients: 50);
        Serve(slot, 500, count: 100, clients: 50);

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        figures.Metrics[0].ExcludedLift.Should().BeInRange(0.0001, 0.002);
    }

    [Fact]
    public void Errors_OfOneClientOfMany_AreGuarded()
    {
        var (monitor, slot) = Watch();

        Serve(slot, 200, count: 2000, clients: 50);
        Serve(slot, 500, count: 500, clients: 1);

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        figures.Metrics[0].Status.Should().Be("guarded");
        figures.Metrics[0].Detail.Should().EndWith("not acted on: all of them went to one client of about 49, which sends 22 % of the requests");
    }

    // A second client's bad luck does not make the first one's hammering a failure of the release.
    [Fact]
    public void Errors_OfOneClientAndOneMore_AreGuarded()
    {
        var (monitor, slot) = Watch();

        Serve(slot, 200, count: 2000, clients: 50);
        Serve(slot, 500, count: 500, clients: 1);
        Serve(slot, 500, count: 1, clients: 1, firstClient: 7);

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        figures.Metrics[0].Detail.Should().EndWith("not acted on: 500 of them went to one client of about 49, which sends 22 % of the requests");
    }

    [Fact]
    public void Errors_OfTheOnlyClientThereEverWas_FailTheBake()
    {
        var (monitor, slot) = Watch(baseline: BakePlanTests.Baseline(100_000, 100, clients: 1));

        Serve(slot, 500, count: 12, clients: 1);

        monitor.Judge().Finding.Should().NotBeNull("everything comes through one load balancer");
    }

    // Two load balancers: each of them gets half of everything, the errors too.
    [Fact]
    public void Errors_OfTwoClientsThatAreAll_FailTheBake()
    {
        var (monitor, slot) = Watch(baseline: BakePlanTests.Baseline(100_000, 100, clients: 2));

        Serve(slot, 200, count: 2000, clients: 2);
        Serve(slot, 500, count: 40, clients: 2);

        monitor.Judge().Finding.Should().NotBeNull();
    }

    // A load balancer sends nearly everything, a monitor asks for one path that still works: MinClients can't be reached.
    [Fact]
    public void Errors_OfTheClientThatSendsNearlyEverything_FailTheBake()
    {
        var (monitor, slot) = Watch(baseline: BakePlanTests.Baseline(100_000, 100, clients: 2));

        Serve(slot, 200, count: 805, clients: 1, firstClient: 7);
        Serve(slot, 500, count: 5199, clients: 1);

        monitor.Judge().Finding!.Reason.Should().StartWith("5199 of 6004 responses failed on green");
    }

    // In the first moments after the switch one client may be all there is. The past knows of more.
    [Fact]
    public void Errors_OfTheFirstClientOfMany_AreGuarded()
    {
        var (monitor, slot) = Watch();

        Serve(slot, 500, count: 30, clients: 1);

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        figures.Metrics[0].Status.Should().Be("guarded");
    }

    [Fact]
    public void FailOn_AnotherCode_IsAMetricOfItsOwn()
    {
        var (monitor, slot) = Watch(new BakeOptions { FailOn = [FailureMetric.Errors, BakePlanTests.Metric("401")] });

        Serve(slot, 200, count: 200, clients: 50);
        Serve(slot, 401, count: 20, clients: 20);

        var finding = monitor.Judge().Finding!;
        finding.Metric.Should().Be("401");
        finding.Reason.Should().StartWith("20 of 220 responses had status 401 on green; blue 0 %");
    }

    [Fact]
    public void Outcomes_ThatAreNotTheApis_CountForNothing()
    {
        var (monitor, slot) = Watch();

        slot.Meter.Add(new ResponseOutcome(502, Fault.Client, 1000, Begun: false, Upgraded: false, 1));
        slot.Meter.Add(new ResponseOutcome(504, Fault.Gateway, 1000, Begun: false, Upgraded: false, 2));
        slot.Meter.Add(new ResponseOutcome(101, Fault.Destination, 1000, Begun: true, Upgraded: true, 3));

        var figures = monitor.Judge().Figures;
        figures.Responses.Should().Be(0);
        figures.Metrics[0].Bad.Should().Be(0);
        figures.Counts.Should().Be(new ResponseFigures(0, 0, 0, 0, 0, Upgrades: 1, DestinationFaults: 1, ClientFaults: 1, GatewayFaults: 1));
    }

    [Fact]
    public void Outcomes_BrokenOffByTheDestination_AreBadWhateverTheStatus()
    {
        var (monitor, slot) = Watch();

        slot.Meter.Add(new ResponseOutcome(200, Fault.Destination, 1000, Begun: true, Upgraded: false, 1));

        monitor.Judge().Figures.Metrics[0].Bad.Should().Be(1);
    }

    [Fact]
    public void Slowness_AfterTheGrace_FailsTheBake()
    {
        var (monitor, slot) = Watch();

        Serve(slot, 200, count: 100, clients: 50, microseconds: 60_000);
        monitor.Judge().Finding.Should().BeNull("it is warming up");
        _time.Advance(TimeSpan.FromSeconds(90));
        monitor.Judge();
        Serve(slot, 200, count: 100, clients: 50, microseconds: 60_000);

        var finding = monitor.Judge().Finding!;
        finding.Metric.Should().Be("latency");
        finding.Reason.Should().MatchRegex(@"^100 of 100 responses took 3\d(\.\d)? ms or longer on green; blue 0 %; evidence");
    }

    [Fact]
    public void Slowness_WithinTheMargin_FailsNothing()
    {
        var (monitor, slot) = Watch();
        _time.Advance(TimeSpan.FromSeconds(90));
        monitor.Judge();

        Serve(slot, 200, count: 10_000, clients: 50, microseconds: 28_000);

        monitor.Judge().Finding.Should().BeNull();
    }

    // An API that hangs: its clients go away one after the other, which is nobody's failure, but they were kept waiting.
    [Fact]
    public void Slowness_ClientsThatGiveUp_FailTheBake()
    {
        var (monitor, slot) = Watch();
        _time.Advance(TimeSpan.FromSeconds(90));
        monitor.Judge();

        for (var client = 0; client < 20; client++)
        {
            slot.Meter.Add(new ResponseOutcome(499, Fault.Client, 5_000_000, Begun: false, Upgraded: false, client));
        }

        monitor.Judge().Finding!.Metric.Should().Be("latency");
    }

    // Three times as slow for a minute, and then as fast as the old one: that is how versions start, and no reason to go back.
    [Fact]
    public void Slowness_ThatGoesAwayWithinAMinute_FailsNothing()
    {
        var (monitor, slot) = Watch();

        for (var second = 0; second < 120; second++)
        {
            Serve(slot, 200, count: 100, clients: 50, microseconds: second < 60 ? 60_000 : 15_000);
            _time.Advance(TimeSpan.FromSeconds(1));
            monitor.Judge().Finding.Should().BeNull("second {0}", second);
        }

        monitor.Judge().Figures.Metrics.Single(metric => metric.Name == "latency").N.Should().BeGreaterThan(1000, "the grace was over before its longest time");
    }

    [Fact]
    public void Slowness_OfASlotThatWasWarm_CountsLongBeforeTheGraceIsOver()
    {
        var (monitor, slot) = Watch();
        for (var second = 0; second < 11; second++)
        {
            Serve(slot, 200, count: 20, clients: 20);
            _time.Advance(TimeSpan.FromSeconds(1));
            monitor.Judge().Finding.Should().BeNull();
        }

        Serve(slot, 200, count: 100, clients: 50, microseconds: 60_000);

        monitor.Judge().Finding!.Metric.Should().StartWith("latency");
    }

    // Everybody waits longer, and nobody longer than a few always had to; or a few wait much longer than anybody had to.
    [Theory]
    [InlineData(32_000, 1, "latency:p50")]
    [InlineData(400_000, 200, "latency:p99.9")]
    public void Slowness_OfEverybodyOrOfAFew_IsFoundAtItsOwnQuantile(long microseconds, int everyNth, string metric)
    {
        var past = BakePlanTests.Baseline(100_000, 100) with
        {
            LatencyCounts = ImmutableSortedDictionary<int, long>.Empty
                .Add(LatencyBuckets.Of(20_000), 98_700).Add(LatencyBuckets.Of(60_000), 1_280).Add(LatencyBuckets.Of(100_000), 20),
        };
        var (monitor, slot) = Watch(baseline: past);
        _time.Advance(TimeSpan.FromSeconds(90));
        monitor.Judge();

        for (var round = 0; round < 20; round++)
        {
            Serve(slot, 200, count: everyNth == 1 ? 50 : 199, clients: 50, microseconds: everyNth == 1 ? microseconds : 15_000);
            Serve(slot, 200, count: everyNth == 1 ? 0 : 1, clients: 1, microseconds: microseconds, firstClient: round);
        }

        var finding = monitor.Judge().Finding!;
        finding.Metric.Should().Be(metric);
        finding.Reason.Should().Contain(" ms or longer on green");
    }

    [Fact]
    public void MaxErrorRate_Exceeded_FailsWhateverThePastWas()
    {
        var (monitor, slot) = Watch(new BakeOptions { MaxErrorRate = 0.05 }, BakePlanTests.Baseline(1000, 500));

        Serve(slot, 200, count: 17, clients: 17);
        Serve(slot, 500, count: 2, clients: 2);
        monitor.Judge().Finding.Should().BeNull("19 responses are too few");
        Serve(slot, 200, count: 1, clients: 1);

        var finding = monitor.Judge().Finding!;
        finding.Metric.Should().Be("MaxErrorRate");
        finding.Reason.Should().Be("2 of 20 responses failed on green within a minute, 10 %; at most 5 % is allowed");
    }

    [Fact]
    public void MaxErrorRate_ExceededLongAgo_IsForgotten()
    {
        var (monitor, slot) = Watch(new BakeOptions { MaxErrorRate = 0.05 }, BakePlanTests.Baseline(1000, 500));
        Serve(slot, 500, count: 10, clients: 10);
        monitor.Judge();

        _time.Advance(TimeSpan.FromSeconds(70));
        monitor.Judge();
        _time.Advance(TimeSpan.FromSeconds(1));
        Serve(slot, 200, count: 100, clients: 10);

        monitor.Judge().Finding.Should().BeNull();
    }

    [Fact]
    public void MaxP99_Exceeded_Fails()
    {
        var (monitor, slot) = Watch(new BakeOptions { MaxP99 = TimeSpan.FromMilliseconds(100), Latency = new() { Grace = TimeSpan.Zero } }, BakePlanTests.Baseline(0, 0));

        Serve(slot, 200, count: 90, clients: 10);
        Serve(slot, 200, count: 10, clients: 10, microseconds: 500_000);

        monitor.Judge().Finding!.Reason.Should().StartWith("the 99th percentile of 100 responses on green within a minute was 5");
    }

    [Fact]
    public void Counts_OfTheLastProcess_AreGoneOnWith()
    {
        var (monitor, slot) = Watch();
        Serve(slot, 200, count: 100, clients: 10);
        Serve(slot, 500, count: 2, clients: 2);
        var carried = monitor.Judge().Figures;

        var (again, next) = Watch(carried: carried);
        Serve(next, 500, count: 1, clients: 1);

        var metric = again.Judge().Figures.Metrics[0];
        (metric.N, metric.Bad, metric.Clients).Should().Be((103L, 3L, 2));
    }

    // One client repeats a failing request; after the restart two others have bad luck.
    [Fact]
    public void Clients_OfTheLastProcess_AreGoneOnWith()
    {
        var (monitor, slot) = Watch();
        Serve(slot, 200, count: 2000, clients: 50);
        Serve(slot, 500, count: 500, clients: 1);
        var carried = monitor.Judge().Figures;

        var (again, next) = Watch(carried: carried);
        Serve(next, 200, count: 100, clients: 50);
        Serve(next, 500, count: 2, clients: 2, firstClient: 7);

        var (figures, finding) = again.Judge();
        finding.Should().BeNull();
        figures.Metrics[0].Status.Should().Be("guarded");
        figures.Metrics[0].Detail.Should().EndWith("not acted on: 500 of them went to one client of about 49, which sends 21 % of the requests");
    }

    // A state of a build that did not store them.
    [Fact]
    public void Clients_OfTheLastProcessNotStored_CountAsOneBurstEach()
    {
        var (monitor, slot) = Watch();
        Serve(slot, 200, count: 2000, clients: 50);
        Serve(slot, 500, count: 500, clients: 1);

        var (again, next) = Watch(carried: monitor.Judge().Figures.WithoutClients());
        Serve(next, 200, count: 100, clients: 50);
        Serve(next, 500, count: 2, clients: 2, firstClient: 7);

        again.Judge().Finding.Should().BeNull();
    }

    [Fact]
    public void Restart_AfterAnOutage_CountsFromZero()
    {
        var (monitor, slot) = Watch();
        Serve(slot, 500, count: 50, clients: 20);
        monitor.Judge().Finding.Should().NotBeNull();

        monitor.Restart();

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        figures.Responses.Should().Be(0);
    }

    [Fact]
    public void Arm_BadResponse_WakesAndAGoodOneDoesNot()
    {
        var (monitor, slot) = Watch();
        var woken = monitor.NextBadResponseAsync();

        Serve(slot, 200, count: 1, clients: 1);
        woken.IsCompleted.Should().BeFalse();
        Serve(slot, 500, count: 1, clients: 1);

        woken.IsCompleted.Should().BeTrue();
    }

    // One route in a thousand requests fails wholly: among all responses that is nothing, among its own everything.
    [Fact]
    public void Errors_OfOneRouteOfLittleTraffic_FailTheBakeByThatRoute()
    {
        var (monitor, slot) = Watch(baseline: ByRoute(("orders-list", 99_820, 100), ("orders-pay", 180, 0)));

        Serve(slot, 200, count: 9_990, clients: 50, route: "orders-list");
        Serve(slot, 500, count: 10, clients: 10, route: "orders-list");
        Serve(slot, 500, count: 6, clients: 6, firstClient: 20, route: "orders-pay");

        var (figures, finding) = monitor.Judge();
        finding!.Reason.Should().StartWith("6 of 6 responses of route orders-pay failed on green; blue 0 % there; evidence ").And.EndWith("to 1; 16 of 10006 in all; 16 × 500, the first at 12:00:00Z");
        finding.Stratum.Should().Be(new FoundStratum(Routes.Add("orders-pay"), "route orders-pay"));
        figures.Metrics[0].Worst.Should().BeEquivalentTo(new { Name = "route orders-pay", N = 6, Bad = 6, BaselineN = 180, BaselineBad = 0 });
    }

    [Fact]
    public void Errors_MoreTrafficOnARouteThatAlwaysFailsOften_FailNothing()
    {
        var (monitor, slot) = Watch(baseline: ByRoute(("orders-list", 90_000, 9), ("orders-import", 10_000, 91)));

        Serve(slot, 200, count: 5_000, clients: 50, route: "orders-list");
        Serve(slot, 200, count: 4_955, clients: 50, route: "orders-import");
        Serve(slot, 500, count: 45, clients: 45, route: "orders-import");

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull("half a percent is what one in a hundred of half of the traffic gives");
        figures.Metrics[0].Status.Should().Be("watching");
        Watch().Watch.PlanOf("5xx")!.Plan.Process!.LnE(10_000, 45).Should().BeGreaterThan(5.1, "without the routes it would have been an alarm");
    }

    [Fact]
    public void Errors_ByRouteAfterARestart_CountOn()
    {
        var baseline = ByRoute(("orders-list", 99_820, 100), ("orders-pay", 180, 0));
        var (before, first) = Watch(baseline: baseline);
        Serve(first, 200, count: 2_000, clients: 50, route: "orders-list");
        Serve(first, 500, count: 2, clients: 2, route: "orders-pay");
        before.Judge().Finding.Should().BeNull();

        var (after, second) = Watch(baseline: baseline, carried: before.Judge().Figures);
        Serve(second, 500, count: 2, clients: 2, firstClient: 10, route: "orders-pay");

        after.Judge().Finding!.Reason.Should().StartWith("4 of 4 responses of route orders-pay failed");
    }

    // What the old slot's past was told apart by is not what requests are told apart by now.
    [Fact]
    public void Errors_ToldApartByAnotherThingThanThePast_AreJudgedTogether()
    {
        var (monitor, slot) = Watch(baseline: ByRoute(("orders-list", 99_820, 100), ("orders-pay", 180, 0)));
        slot.Meter.Strata = new StratumNames(new StratifyBy(StratifyKind.Method));

        Serve(slot, 200, count: 4_000, clients: 50, route: "GET");
        Serve(slot, 500, count: 5, clients: 5, route: "POST");

        var (figures, finding) = monitor.Judge();
        finding.Should().BeNull();
        figures.Metrics[0].Worst.Should().BeNull();
    }

    [Fact]
    public void Errors_AfterManyGoodResponses_AreAQuestionLongBeforeTheyAreAFailure()
    {
        var (monitor, slot) = Watch();
        Serve(slot, 200, count: 45_000, clients: 50);
        Serve(slot, 500, count: 45, clients: 45);
        monitor.Judge();
        monitor.Questions.Should().BeEmpty();

        for (var bad = 0; bad < 12; bad++)
        {
            Serve(slot, 200, count: 50, clients: 50);
            Serve(slot, 500, count: 1, clients: 1, firstClient: bad);
            monitor.Judge().Finding.Should().BeNull();
        }

        var question = monitor.Questions.Should().ContainSingle().Subject;
        question.Question.Should().Be(QuestionKind.Stretch);
        question.Reason.Should().StartWith("13 of the last 613 responses failed on green; blue 0.1 %; evidence ");
        question.Reason.Should().Contain("; in all 57 × 500, ");
        monitor.StretchLnE.Should().BeGreaterThan(Cusum.Threshold);
    }

    [Fact]
    public void Curves_OfARelease_TellTheLastResponsesFromAllOfThem()
    {
        var (monitor, slot) = Watch();
        var release = new ReleaseMonitor("r1-000000", [monitor], new BakeOptions()) { Curves = new EvidenceCurves(_time.GetUtcNow(), [], _time) };
        Serve(slot, 200, count: 45_000, clients: 50);
        release.Judge();
        _time.Advance(TimeSpan.FromSeconds(1));
        Serve(slot, 500, count: 5, clients: 5);
        release.Judge();

        var curves = release.Figures.Single().Curves!.ToDictionary(curve => (curve.Metric, curve.Stage));
        curves[("5xx", "stretch")].Threshold.Should().Be(Cusum.Threshold);
        curves[("5xx", "stretch")].LnE[^1].Should().BePositive("five in a row");
        curves[("5xx", "bake")].LnE[^1].Should().BeNegative("of 45,005");
        curves.Keys.Should().NotContain(("latency", "stretch"));
    }

    [Fact]
    public void Errors_OfOneClient_AreAQuestionThatOnlyAComparisonOfRequestsAnswers()
    {
        var (monitor, slot) = Watch();

        Serve(slot, 200, count: 2000, clients: 50);
        Serve(slot, 500, count: 500, clients: 1);

        monitor.Judge().Finding.Should().BeNull();
        monitor.Questions.Should().ContainSingle().Which.Question.Should().Be(QuestionKind.TooFewClients);
    }

    [Fact]
    public void Guard_OfWhatIsLetPass_HoldsUpTheReleaseNoLongerAndThatOfAnotherMetricDoes()
    {
        FailureMetric.TryParse("404", out var notFound).Should().BeTrue();
        var (monitor, slot) = Watch(new BakeOptions { FailOn = [FailureMetric.Errors, notFound] });
        var release = new ReleaseMonitor("r1-000000", [monitor], new BakeOptions());
        Serve(slot, 200, count: 2000, clients: 50);
        Serve(slot, 500, count: 500, clients: 1);
        Serve(slot, 404, count: 500, clients: 1);
        release.Judge();
        release.Guarded.Select(metric => metric.Metric).Should().Equal("5xx", "404");

        release.LetPass("orders", "5xx");
        release.Judge();

        release.Guarded.Select(metric => metric.Metric).Should().Equal("404");
    }

    // A slow version that also fails now and then: what a comparison has taught of one metric stays when it is about another one.
    [Fact]
    public void Renew_OfOneMetric_LeavesWhatIsLetPassOfAnother()
    {
        var (monitor, slot) = Watch();
        monitor.Renew("5xx", (0.2, TimeSpan.FromSeconds(60)));
        monitor.Renew("latency", (0.5, TimeSpan.FromSeconds(60)));

        Serve(slot, 200, count: 228, clients: 50);
        Serve(slot, 500, count: 12, clients: 12);

        monitor.Judge().Finding.Should().BeNull();
        monitor.Questions.Should().BeEmpty();
        _time.Advance(TimeSpan.FromSeconds(61));
        monitor.Judge();
        Serve(slot, 200, count: 228, clients: 50);
        Serve(slot, 500, count: 12, clients: 12);
        monitor.Judge().Finding.Should().NotBeNull("it is let pass for a minute");
    }

    // A bake of a minute would be over before its grace.
    [Fact]
    public void Slowness_InABakeShorterThanItsGrace_IsJudgedFromItsMiddleOn()
    {
        var (monitor, slot) = Watch(new BakeOptions { Duration = TimeSpan.FromMinutes(1) });
        for (var second = 0; second < 29; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Serve(slot, 200, count: 20, clients: 20, microseconds: 60_000);
            monitor.Judge().Finding.Should().BeNull();
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        monitor.Judge();
        Serve(slot, 200, count: 100, clients: 50, microseconds: 60_000);

        monitor.Judge().Finding!.Metric.Should().Be("latency");
    }

    // Twenty-eight failures of one client and one of another are not those of two clients.
    [Fact]
    public void Errors_OfOneClientAndOneMore_AreForPeopleWhateverAComparisonSays()
    {
        var (monitor, slot) = Watch();

        Serve(slot, 200, count: 2000, clients: 50);
        Serve(slot, 500, count: 28, clients: 1);
        Serve(slot, 500, count: 1, clients: 1, firstClient: 7);

        monitor.Judge().Finding.Should().BeNull();
        monitor.Questions.Should().OnlyContain(question => question.Question == QuestionKind.TooFewClients).And.NotBeEmpty();
    }

    private static BakeBaseline ByRoute(params (string Route, long N, long Bad)[] routes) =>
        BakePlanTests.Baseline(routes.Sum(route => route.N), (int)routes.Sum(route => route.Bad), latencies: 100_000) with
        {
            StratifiedBy = "route",
            Strata = [.. routes.Select(route => new StratumTotals(
                Routes.Add(route.Route), route.Route, route.N, route.Bad == 0 ? null : ImmutableSortedDictionary<string, long>.Empty.Add("5xx", route.Bad)))],
        };

    private (ServiceMonitor Watch, Slot Slot) Watch(BakeOptions? options = null, BakeBaseline? baseline = null, ServiceFigures? carried = null)
    {
        options ??= new BakeOptions();
        var entry = new Service(0, new ServiceOptions { Name = "orders", Blue = "b", Green = "g", Bake = options }, _time);
        var release = new ReleasedService("orders", SlotName.Blue, SlotName.Green, 2);
        return (new ServiceMonitor(entry, release, BakePlan.Of(options, baseline ?? Good), carried, TimeSpan.Zero, _time), entry.Green);
    }

    private static void Serve(Slot slot, int status, int count, int clients, long microseconds = 15_000, int firstClient = 0, string? route = null)
    {
        for (var index = 0; index < count; index++)
        {
            slot.Meter.Add(new ResponseOutcome(status, Fault.None, microseconds, Begun: true, Upgraded: false, firstClient + (index % clients)) { Stratum = route is null ? (byte)0 : slot.Meter.Strata.Add(route) });
        }
    }
}

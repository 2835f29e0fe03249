using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>What people read of one thing and of several.</summary>
public sealed class BakeTextTests
{
    [Theory]
    [InlineData("5xx", 1, 1, "1 of 1 response failed on green")]
    [InlineData("5xx", 2, 1, "1 of 2 responses failed on green")]
    [InlineData("hangs", 1, 1, "1 of 1 request got no response within 0 ms on green")]
    [InlineData("websocket", 1, 1, "1 of 1 WebSocket was broken off on green")]
    [InlineData("websocket", 3, 2, "2 of 3 WebSockets were broken off on green")]
    public void Failure_OfOneAndOfSeveral_HasItsNumber(string metric, long trials, long bad, string expected)
    {
        BakeText.Failure(new MetricPlan(metric, 10, 0, 0.01, null, null), new MetricTally(trials, bad, new ClientSpread(1, 1)), 5, SlotName.Blue, SlotName.Green, 0)
            .Should().StartWith(expected + ";");
    }

    [Theory]
    [InlineData(1, 1, "they went to 1 of 1 client, which sends 50 % of the requests")]
    [InlineData(1, 9, "they went to 1 of 9 clients, which sends 50 % of the requests")]
    [InlineData(2, 9, "they went to 2 of 9 clients, which send 50 % of the requests")]
    public void Guarded_OfOneClientAndOfSeveral_HasItsNumber(int spread, int clients, string expected)
    {
        BakeText.Guarded(new ClientSpread(spread, 1, Most: 1, ShareOfMost: 0.1, Share: 0.5), 10, clients).Should().Contain(expected);
    }

    [Fact]
    public void Comparison_OfOneAndOfSeveral_HasItsNumber()
    {
        var release = States.Release("r1-000000");
        var byRequest = new BakeConfirmation(1, "orders", "5xx", 0, TrafficKeyKind.Request, States.Now, "worse", "process");

        ConfirmationTransitions.Describe(release, byRequest, new ConfirmationCounts(1, 0, 1, 3, 0))
            .Should().EndWith("1 bad response fell on green (of 1 response) and 0 on blue (of 3)");
        ConfirmationTransitions.Describe(release, byRequest with { Key = TrafficKeyKind.Client }, new ConfirmationCounts(2, 1, 5, 1, 1))
            .Should().EndWith("2 clients with bad responses fell on green (of 5 responses) and 1 on blue (of 1)");
    }

    [Fact]
    public void Drain_OfWhatIsLeft_HasItsNumber()
    {
        new DrainResult(3, 1, 1).Describe().Should().Be("1 cancelled at the deadline; 1 has not ended all the same and still holds the old slot");
        new DrainResult(3, 2, 2).Describe().Should().Be("2 cancelled at the deadline; 2 have not ended all the same and still hold the old slot");
    }

    [Fact]
    public void Resumed_AfterAnOutage_KeepsTheEvidenceOverTimeAndNothingElse()
    {
        var figures = new ServiceFigures("orders", 7, 1, new(1, 2, 3, 4, 5, 6, 7, 8, 9), new(1, 2), new(1, 2), []) { Curves = [new("5xx", EvidenceCurve.Bake, 5, 0.05, [1], [0])], ByClient = [1] };
        var release = States.Release("r1-000000") with { SwitchedAt = States.Now, Bake = new BakeState { Services = [figures, figures with { Name = "users", Curves = null }] } };
        var change = (States.Of("orders") with { Running = [release] }).Change();

        var kept = BakeTransitions.Resumed(change, release, "healthy again", TimeSpan.FromSeconds(1), States.Now).Find(release.Id)!.Bake!.Services;

        kept.Should().ContainSingle().Which.Should().Match<ServiceFigures>(service => service.Name == "orders" && service.Responses == 0 && service.ByClient == null);
        kept[0].Curves.Should().BeSameAs(figures.Curves);
    }

    [Fact]
    public void Otherwise_OfAConfirmedComparison_IsTheFirstNumberThatWouldNotHaveBeenEnough()
    {
        var (evidence, counts) = (ConfirmationEvidence.First, new ConfirmationCounts(7, 0, 60, 200, 0));
        var threshold = Math.Log(148);

        var text = BakeText.Otherwise(evidence, counts, threshold, SlotName.Blue);

        var needed = Enumerable.Range(1, 50).First(old => evidence.LnE(counts with { OldBad = old }) < threshold);
        text.Should().Be($"; with {needed} on blue it would have gone on");
        evidence.LnE(counts with { OldBad = needed - 1 }).Should().BeGreaterThanOrEqualTo(threshold);
    }
}

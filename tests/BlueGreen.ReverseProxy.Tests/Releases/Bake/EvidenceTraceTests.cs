using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>The curve of a metric's evidence: bounded, and never without what a decision was made by.</summary>
public sealed class EvidenceTraceTests
{
    [Fact]
    public void Points_OfAnyCurve_HaveFirstLastAndGreatestAndAreNeverTooMany()
    {
        // Steps of milliseconds, of seconds, of hours, and none at all; values up and down.
        var steps = Gen.Choose(0, 4).Select(power => power == 0 ? 0 : Math.Pow(10, power) / 1000 * 3.7);
        var points = Gen.Choose(-1000, 1000).Select(value => value / 100.0).Zip(steps).Select(entry => (LnE: entry.Item1, Step: entry.Item2));

        points.NonEmptyListOf().Resize(2000).Holds(drawn =>
        {
            var (trace, at) = (new EvidenceTrace(), 0.0);
            var given = new List<(double Seconds, double LnE)>();
            foreach (var (lnE, step) in drawn)
            {
                at = Math.Round(at + step, 3);
                trace.Add(at, lnE);
                given.Add((at, lnE));
                trace.ToCurve("5xx", EvidenceCurve.Bake, 5).Seconds.Count.Should().BeLessThanOrEqualTo(EvidenceCurve.MaxPoints);
            }

            var curve = trace.ToCurve("5xx", EvidenceCurve.Bake, 5);
            var kept = curve.Seconds.Zip(curve.LnE).ToList();
            kept[0].Should().Be(given[0]);
            kept[^1].Should().Be(given[^1]);
            kept.Max(point => point.Second).Should().Be(given.Max(point => point.LnE));
            kept.Should().OnlyContain(point => given.Contains(point));
            curve.Seconds.Should().BeInAscendingOrder();
        }, tests: 30);
    }

    [Fact]
    public void Points_OfAWholeDay_CoverAllOfItEvenly()
    {
        var trace = new EvidenceTrace();
        for (var at = 0.0; at <= 86_400; at += 5)
        {
            trace.Add(at, -at / 1000);
        }

        var seconds = trace.ToCurve("5xx", EvidenceCurve.Bake, 5).Seconds;

        seconds.Count.Should().BeInRange(EvidenceCurve.MaxPoints / 2, EvidenceCurve.MaxPoints);
        seconds.Zip(seconds.Skip(1), (one, next) => next - one).Max().Should().BeLessThan(86_400 / 60.0);
    }

    [Fact]
    public void Points_OfAPeakOfAMoment_AreThereAfterAnyThinning()
    {
        var trace = new EvidenceTrace();
        for (var index = 0; index < 100_000; index++)
        {
            trace.Add(index, index == 4711 ? 9 : -1);
        }

        var curve = trace.ToCurve("5xx", EvidenceCurve.Bake, 5);
        curve.Seconds.Zip(curve.LnE).Should().Contain((4711, 9));
    }

    [Fact]
    public void Stored_GoesOnInTheNextProcess_AsOneCurve()
    {
        var first = new EvidenceTrace();
        for (var index = 0; index < 5000; index++)
        {
            first.Add(index, Math.Sin(index / 100.0));
        }

        var stored = first.ToCurve("5xx", EvidenceCurve.Bake, 5);
        var next = new EvidenceTrace(stored);
        next.ToCurve("5xx", EvidenceCurve.Bake, 5).Should().BeEquivalentTo(stored);
        next.Add(6000, 4);

        var curve = next.ToCurve("5xx", EvidenceCurve.Bake, 5);
        (curve.Seconds[0], curve.Seconds[^1], curve.LnE[^1]).Should().Be((0, 6000, 4));
    }

    [Fact]
    public void Values_ThatCanNotBeDrawn_AreLeftOutAndAClockThatIsSetBackDoesNotGoBack()
    {
        var trace = new EvidenceTrace();
        trace.Add(10, 1);
        trace.Add(double.NaN, 1);
        trace.Add(11, double.PositiveInfinity);
        trace.Add(1e300, 1);
        trace.Add(3, 2);

        var curve = trace.ToCurve("5xx", EvidenceCurve.Bake, 5);
        curve.Seconds.Should().Equal(10, 10);
        curve.LnE.Should().Equal(1, 2);
    }
}

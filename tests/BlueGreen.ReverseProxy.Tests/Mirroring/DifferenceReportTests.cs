using BlueGreen.ReverseProxy.Mirroring.Comparing;

namespace BlueGreen.ReverseProxy.Tests.Mirroring;

public sealed class DifferenceReportTests
{
    private static readonly Difference Total = new("$.total", "1", "2");
    private static readonly Difference Id = new("$.id", "1", "2");

    [Fact]
    public void Place_ThatOnlyTheStandbyChanges_IsDifferentAfterSomeRequests()
    {
        var report = new DifferenceReport();
        Add(report, [Total], []);
        Verdict(report, "$.total").Should().Be(DifferenceVerdict.Suspected);
        for (var request = 0; request < 15; request++)
        {
            Add(report, [Total], []);
        }

        Verdict(report, "$.total").Should().Be(DifferenceVerdict.Different);
    }

    [Fact]
    public void Place_ThatChangesWithEveryAnswer_IsNoise()
    {
        var report = new DifferenceReport();
        for (var request = 0; request < 1000; request++)
        {
            Add(report, [Id], [Id]);
        }

        Verdict(report, "$.id").Should().Be(DifferenceVerdict.Noise);
    }

    // Without a second answer of the active slot nothing is learnt of noise, however often the slots differ.
    [Fact]
    public void Place_WithoutASecondAnswer_StaysSuspected()
    {
        var report = new DifferenceReport();
        for (var request = 0; request < 1000; request++)
        {
            Add(report, [Total], noise: null);
        }

        Verdict(report, "$.total").Should().Be(DifferenceVerdict.Suspected);
    }

    // Two places of one request are one request, and noise is none.
    [Fact]
    public void SurelyDifferent_RequestsWithSeveralPlaces_CountOnce()
    {
        var report = new DifferenceReport();
        for (var request = 0; request < 20; request++)
        {
            Add(report, [Total, new("$.name", "a", "b"), Id], [Id]);
            Add(report, [Id], [Id]);
            Add(report, [], []);
        }

        Add(report, [Total], []);
        var figures = report.Read();

        (figures.Compared, figures.Different, figures.SurelyDifferent).Should().Be((61, 41, 21));
    }

    // More combinations than are kept: at least as many as there are, never fewer.
    [Fact]
    public void SurelyDifferent_MoreCombinationsThanAreKept_IsNotTooLow()
    {
        var report = new DifferenceReport();
        for (var request = 0; request < 3000; request++)
        {
            // Which of twelve fields differ is another combination each time; the total always does.
            var random = Enumerable.Range(0, 12).Where(bit => (request & (1 << bit)) != 0).Select(bit => new Difference($"$.f{bit}", "1", "2")).ToArray();
            Add(report, [Total, .. random], random);
        }

        Add(report, [.. Enumerable.Range(0, 30).Select(place => new Difference($"$.g{place}", "1", "2")), Total], []);
        Add(report, [], []);
        var figures = report.Read();

        Verdict(report, "$.total").Should().Be(DifferenceVerdict.Different);
        (figures.Compared, figures.SurelyDifferent).Should().Be((3002, 3001));
    }

    // A place that is random in both, at whatever rate: hardly ever called different, however often one looks.
    [Theory]
    [InlineData(0.02)]
    [InlineData(0.5)]
    [InlineData(0.98)]
    public void Noise_AtAnyRate_IsHardlyEverCalledDifferent(double rate)
    {
        var wrong = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var report = new DifferenceReport();
            var isCalled = false;
            for (var request = 0; request < 300 && !isCalled; request++)
            {
                Add(report, random.NextDouble() < rate ? [Id] : [], random.NextDouble() < rate ? [Id] : []);
                isCalled = report.Read().Places.Any(place => place.Verdict == DifferenceVerdict.Different);
            }

            wrong += isCalled ? 1 : 0;
        }

        wrong.Should().BeLessThanOrEqualTo(2, "one in a thousand");
    }

    [Fact]
    public void Place_NoisyInBothAndMoreOftenInTheStandby_IsDifferent()
    {
        var random = new Random(1);
        var report = new DifferenceReport();
        for (var request = 0; request < 400; request++)
        {
            Add(report, random.NextDouble() < 0.4 ? [Id] : [], random.NextDouble() < 0.05 ? [Id] : []);
        }

        Verdict(report, "$.id").Should().Be(DifferenceVerdict.Different);
    }

    [Fact]
    public void Report_IsBounded()
    {
        var report = new DifferenceReport();
        for (var request = 0; request < DifferenceReport.MostPlaces * 2; request++)
        {
            report.Add($"route {request}", [new($"$.f{request}", "1", "2")], null, null, isBodyKept: true, default);
        }

        var figures = report.Read();
        (figures.Places.Count, figures.PlacesLeftOut, figures.Routes.Count).Should().Be((DifferenceReport.MostPlaces, DifferenceReport.MostPlaces, DifferenceReport.MostRoutes + 1));
    }

    private static void Add(DifferenceReport report, Difference[] found, Difference[]? noise) =>
        report.Add("orders", found, noise, (TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2)), isBodyKept: true, default);

    private static DifferenceVerdict Verdict(DifferenceReport report, string path) => report.Read().Places.Single(place => place.Path == path).Verdict;
}

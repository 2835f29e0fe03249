using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake.Queries;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake.Queries;

/// <summary>Readings ten seconds apart: <c>+</c> good, <c>-</c> violated, <c>?</c> no data.</summary>
public sealed class QueryStateTests
{
    [Theory]
    [InlineData("-", null, false)]
    [InlineData("--", null, true)]
    [InlineData("-+-", null, false)]
    [InlineData("-?-", null, true, "no data is not good")]
    [InlineData("-??", null, false)]
    [InlineData("--?", null, true)]
    [InlineData("--+", null, false)]
    [InlineData("-", 0, true)]
    [InlineData("--", 20, false)]
    [InlineData("---", 20, true)]
    [InlineData("--?-", 20, false, "the time without data does not count")]
    [InlineData("--?--", 20, true)]
    [InlineData("--+---", 20, true)]
    [InlineData("?", 0, false)]
    [InlineData("++++", 0, false)]
    public void Failed_AfterReadings_IsAsSaid(string readings, int? seconds, bool expected, string because = "")
    {
        var query = Query(seconds);

        After(readings, query).HasFailed(query).Should().Be(expected, because);
    }

    [Theory]
    [InlineData("?", null, false)]
    [InlineData("??", null, true)]
    [InlineData("?-?", null, false)]
    [InlineData("-??", null, true)]
    [InlineData("???", 20, true)]
    [InlineData("??+?", 20, false)]
    public void Missing_AfterReadings_IsAsSaid(string readings, int? seconds, bool expected)
    {
        var query = Query(seconds) with { NoData = QueryNoDataAction.Hold };

        After(readings, query).IsMissingForTooLong(query).Should().Be(expected);
        After(readings, query).IsMissingForTooLong(query with { NoData = QueryNoDataAction.Ignore }).Should().BeFalse();
    }

    // A timer's ticks are never exactly an interval apart; the third of three is enough for twenty seconds.
    [Fact]
    public void Failed_ReadingsAHairTooClose_StillCount()
    {
        var query = Query(20);

        After("---", query, TimeSpan.FromSeconds(9.99)).HasFailed(query).Should().BeTrue();
        After("---", query, TimeSpan.FromSeconds(9)).HasFailed(query).Should().BeFalse();
    }

    [Theory]
    [InlineData(2.0, null, 0.1, 0.2)]
    [InlineData(null, 0.5, 0.1, 0.6)]
    [InlineData(2.0, 0.5, 0.1, 0.6)]
    [InlineData(2.0, 0.5, 10.0, 20.0)]
    [InlineData(2.0, null, 1.7e308, double.MaxValue)]
    public void Comparison_RatioAndDifference_TheGreaterCounts(double? ratio, double? difference, double old, double allowed) =>
        new QueryComparison(ratio, difference).Allowed(old).Should().BeApproximately(allowed, 1e-9);

    private static BakeQueryOptions Query(int? seconds) => new()
    {
        Name = "one",
        Query = "x",
        Server = new QueryServerOptions(new Uri("http://localhost")),
        Max = 1,
        For = seconds is { } number ? TimeSpan.FromSeconds(number) : null,
    };

    private static QueryState After(string readings, BakeQueryOptions query, TimeSpan? interval = null)
    {
        var time = new ManualTime();
        return readings.Aggregate(new QueryState(), (state, reading) =>
        {
            time.Advance(interval ?? TimeSpan.FromSeconds(10));
            return state.After(reading switch { '+' => new(1, null, null), '-' => new(2, null, null), _ => new(null, null, "down") }, query, time, time.GetTimestamp());
        });
    }
}

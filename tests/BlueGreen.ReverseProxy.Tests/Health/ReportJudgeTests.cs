using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;

namespace BlueGreen.ReverseProxy.Tests.Health;

public sealed class ReportJudgeTests
{
    private static readonly HealthOptions Default = new();

    [Fact]
    public void Answer_HealthyWithTheExpectedStatusCode_Passes()
    {
        Judge(Default, 200, Report("healthy")).Should().BeNull();
    }

    [Theory]
    [InlineData(204)]
    [InlineData(503)]
    [InlineData(302)]
    public void StatusCode_NotExpected_Fails(int statusCode)
    {
        Judge(Default, statusCode, Report("healthy")).Should().Be($"status code {statusCode}, expected 200");
    }

    [Fact]
    public void StatusCode_OfAConfiguredRange_Passes()
    {
        StatusCodeSet.TryParse("200-299,503", out var codes).Should().BeTrue();

        Judge(Default with { ExpectStatus = codes }, 503, Report("healthy")).Should().BeNull();
    }

    [Theory]
    [InlineData("degraded", false, false)]
    [InlineData("degraded", true, true)]
    [InlineData("unhealthy", false, false)]
    [InlineData("unhealthy", true, false)]
    public void Status_NotHealthy_PassesOnlyAsAllowed(string status, bool allowDegraded, bool passes)
    {
        (Judge(Default with { AllowDegraded = allowDegraded }, 200, Report(status)) is null).Should().Be(passes);
    }

    [Fact]
    public void Status_NotHealthy_NamesTheChecksThatFail()
    {
        Judge(Default, 200, Report("unhealthy", ("cache", "healthy"), ("db", "unhealthy"), ("queue", "degraded")))
            .Should().Be("the API reports unhealthy: db unhealthy, queue degraded");
    }

    [Fact]
    public void Report_Missing_FailsWithItsReason()
    {
        ReportJudge.ReasonToFail(Default, 200, report: null, "the body is empty").Should().Be("the body is empty");
    }

    [Fact]
    public void Report_MissingButNotRequired_Passes()
    {
        ReportJudge.ReasonToFail(Default with { RequireReport = false }, 200, report: null, "the body is empty").Should().BeNull();
    }

    // A check can't have passed in a report that is not there.
    [Fact]
    public void Report_MissingButACheckIsRequired_Fails()
    {
        ReportJudge.ReasonToFail(Default with { RequireReport = false, RequiredChecks = ["db"] }, 200, report: null, reportError: null)
            .Should().Be("there is no health report");
    }

    // An API that says that it is unhealthy is, whether it was obliged to say anything or not.
    [Fact]
    public void Report_UnhealthyThoughNotRequired_Fails()
    {
        Judge(Default with { RequireReport = false }, 200, Report("unhealthy")).Should().NotBeNull();
    }

    [Theory]
    [InlineData("healthy", false, true)]
    [InlineData("degraded", false, false)]
    [InlineData("degraded", true, true)]
    [InlineData("unhealthy", true, false)]
    public void RequiredCheck_PassesAsTheStatusDoes(string check, bool allowDegraded, bool passes)
    {
        var options = Default with { RequiredChecks = ["DB"], AllowDegraded = allowDegraded };

        (Judge(options, 200, Report("healthy", ("db", check))) is null).Should().Be(passes);
    }

    [Fact]
    public void Reasons_Several_AreAllTold()
    {
        Judge(Default with { RequiredChecks = ["db", "queue"] }, 503, Report("degraded", ("db", "unhealthy")))
            .Should().Be("status code 503, expected 200; the API reports degraded: db unhealthy; required check \"db\" is unhealthy; required check \"queue\" is missing from the report");
    }

    private static string? Judge(HealthOptions options, int statusCode, HealthReport report) =>
        ReportJudge.ReasonToFail(options, statusCode, report, reportError: null);

    private static HealthReport Report(string status, params (string Name, string Status)[] checks) => new(
        status, null, null, null, checks.ToImmutableSortedDictionary(check => check.Name, check => check.Status, StringComparer.OrdinalIgnoreCase), null);
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Health;

public sealed class DestinationHealthRecordTests
{
    [Theory]
    [InlineData("", HealthState.Unknown)]
    [InlineData("++", HealthState.Unknown)]
    [InlineData("+++", HealthState.Healthy)]
    [InlineData("++-+", HealthState.Unknown)]
    [InlineData("-", HealthState.Unknown)]
    [InlineData("--", HealthState.Unhealthy)]
    [InlineData("+++-", HealthState.Healthy)]
    [InlineData("+++--", HealthState.Unhealthy)]
    [InlineData("--++", HealthState.Unhealthy)]
    [InlineData("--+++", HealthState.Healthy)]
    [InlineData("+++-+-+-", HealthState.Healthy)]
    public void Probes_InARow_ChangeTheStateAtTheThresholds(string probes, HealthState state)
    {
        After(probes, new HealthOptions()).State.Should().Be(state);
    }

    // The model looks back over all probes: the state is what the newest run that was long enough says.
    [Fact]
    public void AnyProbes_WithAnyThresholds_GiveTheStateOfTheNewestRunThatWasLongEnough()
    {
        var cases =
            from healthy in Gen.Choose(1, 5)
            from unhealthy in Gen.Choose(1, 5)
            from probes in Gen.Elements('+', '-').ArrayOf()
            select (healthy, unhealthy, probes: new string(probes));
        cases.Holds(
            it =>
            {
                var record = After(it.probes, new HealthOptions { HealthyThreshold = it.healthy, UnhealthyThreshold = it.unhealthy });

                var good = it.probes.LastIndexOf(new string('+', it.healthy), StringComparison.Ordinal) + it.healthy;
                var bad = it.probes.LastIndexOf(new string('-', it.unhealthy), StringComparison.Ordinal) + it.unhealthy;
                var isGood = good >= it.healthy;
                var isBad = bad >= it.unhealthy;
                record.State.Should().Be(
                    isGood && (!isBad || good > bad) ? HealthState.Healthy : isBad ? HealthState.Unhealthy : HealthState.Unknown);
                record.Passes.Should().Be(it.probes.Length - it.probes.TrimEnd('+').Length);
                record.Failures.Should().Be(it.probes.Length - it.probes.TrimEnd('-').Length);
            },
            tests: 500);
    }

    [Fact]
    public void Version_OfTheNewestReportThatNamedOne_IsKept()
    {
        var options = new HealthOptions();
        var record = DestinationHealthRecord.NotProbed.After(Probe(true, "1"), options).After(Probe(false, null), options);

        record.Version.Should().Be("1");
        record.After(Probe(false, "2"), options).Version.Should().Be("2");
    }

    private static DestinationHealthRecord After(string probes, HealthOptions options) =>
        probes.Aggregate(DestinationHealthRecord.NotProbed, (record, probe) => record.After(Probe(probe == '+', null), options));

    private static ProbeStatus Probe(bool passed, string? version) => new(
        DateTimeOffset.UnixEpoch,
        passed,
        200,
        1,
        passed ? null : "failed",
        version is null ? null : new HealthReport("healthy", version, null, null, new Dictionary<string, string>(), null));
}

using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Tests.Releases.Gates;

public sealed class ReportGatesTests
{
    [Theory]
    [InlineData("2.0.0", null, GateStatus.Failed)]
    [InlineData(null, "2.0.0", GateStatus.Failed)]
    [InlineData("2.0.1", null, GateStatus.Passed)]
    [InlineData(null, "2.0.1", GateStatus.Passed)]
    [InlineData(null, null, GateStatus.Passed)]
    [InlineData("2.0.1", "2.0.0", GateStatus.Passed)]
    public void KnownBad_AsReportedOrElseAsDeployed_IsRefused(string? reported, string? deployed, GateStatus expected)
    {
        var service = new Service(0, new ServiceOptions { Name = "orders", Blue = "orders-blue", Green = "orders-green" }, TimeProvider.System);
        var target = new GateTarget(service, service.Blue, service.Green, ["2.0.0"], deployed);
        var body = reported is null ? """{"status":"healthy"}""" : $$"""{"status":"healthy","version":"{{reported}}"}""";
        ReportParser.TryParse(Encoding.UTF8.GetBytes(body), out var report, out _).Should().BeTrue();
        var verification = new SlotVerification(true, "", ["g1"], 1, new Dictionary<string, HealthReport> { ["g1"] = report! });

        var verdict = ReportGates.Judge(new GatePlan(ReleaseKind.Cutover, Force: false, ExpectVersion: null, [target]), target, verification, [], 1).Single(gate => gate.Name == "knownBad");

        verdict.Status.Should().Be(expected, verdict.Detail);
        var again = ReportGates.Judge(new GatePlan(ReleaseKind.Cutover, Force: false, "9.9.9", [target]) { RetryKnownBad = true }, target, verification, [], 1).ToList();
        again.Single(gate => gate.Name == "knownBad").Status.Should().Be(expected == GateStatus.Failed ? GateStatus.Skipped : expected);
        again.Single(gate => gate.Name == "version").Status.Should().Be(GateStatus.Failed, "nothing else is skipped");
    }
}

using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class FailureMetricTests
{
    [Theory]
    [InlineData("grpc:14", "grpc:unavailable")]
    [InlineData("grpc:unavailable", "grpc:unavailable")]
    [InlineData("GRPC:DEADLINE_EXCEEDED", "grpc:deadline_exceeded")]
    [InlineData("grpc:deadlineExceeded", "grpc:deadline_exceeded")]
    [InlineData("grpc:16, permission-denied", "grpc:permission_denied,unauthenticated")]
    public void Parse_GrpcStatus_HasGrpcsOwnName(string text, string name)
    {
        FailureMetric.TryParse(text, out var metric).Should().BeTrue();

        metric.Name.Should().Be(name);
        metric.GrpcStatuses.Should().NotBeEmpty();
        metric.Codes.Contains(200).Should().BeFalse();
    }

    [Theory]
    [InlineData("grpc:")]
    [InlineData("grpc:0")]
    [InlineData("grpc:ok")]
    [InlineData("grpc:17")]
    [InlineData("grpc:-1")]
    [InlineData("grpc:unavailble")]
    [InlineData("grpc:14-16")]
    public void Parse_NoFailureOfGrpc_IsRefused(string text) => FailureMetric.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData(null, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(5, 0)]
    [InlineData(8, 0)]
    [InlineData(12, 1)]
    [InlineData(13, 1)]
    [InlineData(14, 3)]
    [InlineData(15, 1)]
    [InlineData(16, 0)]
    [InlineData(GrpcStatusNames.Missing, 1)]
    public void Metrics_OfAGrpcStatus_AreThoseThatNameIt(int? status, int metrics)
    {
        FailureMetric.TryParse("grpc:14", out var unavailable).Should().BeTrue();
        var codes = FailureCodes.Of([FailureMetric.Errors, unavailable]);

        codes.MetricsOf(new ResponseOutcome(200, Fault.None, 1, Begun: true, Upgraded: false, 1) { GrpcStatus = (byte?)status }).Should().Be(metrics);
    }

    [Theory]
    [InlineData("14", 14)]
    [InlineData("0", 0)]
    [InlineData("17", 2)]
    [InlineData("x", 2)]
    [InlineData("", 2)]
    public void Read_StatusOfACall_IsWhatAClientMakesOfIt(string text, int expected) => GrpcStatusNames.Read(text).Should().Be((byte)expected);
}

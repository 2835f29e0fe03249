using System.Text;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Health;

public sealed class ReportParserFuzzTests
{
    private static readonly byte[][] Documents =
    [
        .. new[]
        {
            """{ "status": "healthy", "version": "2.0.0", "environment": "green", "uptime": 12.5, "checks": { "database": true, "cache": { "status": "healthy", "durationMs": 1.8 } }, "schema": { "current": 42, "min": 40, "max": 42 } }""",
            """{ "status": "Degraded", "totalDuration": "00:00:01", "entries": { "db": { "data": {}, "status": "Healthy", "tags": [] } } }""",
            """{ "status": "DOWN", "components": { "db": { "status": "UP", "details": { "a": [1, 2] } } } }""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    [Fact]
    public void TryParse_AnyDamagedReport_IsReadOrRefusedWithAReasonOfOneBoundedLine()
    {
        Fuzzing.Run(Documents, bytes =>
        {
            var (report, error) = Reports.Parse(bytes);
            if (report is null)
            {
                error.Should().NotBeNullOrEmpty();
                error!.Length.Should().BeLessThan(500);
                error.Any(char.IsControl).Should().BeFalse();
            }
            else
            {
                report.Status.Should().BeOneOf("healthy", "degraded", "unhealthy");
                (report.Version ?? "").Length.Should().BeLessThanOrEqualTo(200);
            }
        });
    }
}

using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Health;

namespace BlueGreen.ReverseProxy.Tests.Health;

internal static class Reports
{
    public static (HealthReport? Report, string? Error) Parse(string body) => Parse(Encoding.UTF8.GetBytes(body));

    public static (HealthReport? Report, string? Error) Parse(byte[] body)
    {
        var read = ReportParser.TryParse(body, out var report, out var error);
        (report is not null).Should().Be(read);
        (error is null).Should().Be(read);
        return (report, error);
    }

    public static HealthReport Read(string body)
    {
        var (report, error) = Parse(body);
        error.Should().BeNull();
        return report!;
    }

    public static string Refuse(string body)
    {
        var (report, error) = Parse(body);
        report.Should().BeNull();
        return error!;
    }
}

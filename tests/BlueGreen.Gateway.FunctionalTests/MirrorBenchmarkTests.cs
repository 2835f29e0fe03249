using System.Diagnostics;
using BlueGreen.Gateway.Benchmarks.Mirroring;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The measurement behind docs/mirror.md: that it measures what it says, not what comes out.</summary>
public sealed class MirrorBenchmarkTests
{
    private const int Rate = 100;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Measurement_OfEachStandby_PrintsALineAndClientsGetEveryAnswer()
    {
        await using var api = await MirrorApi.StartAsync();
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["ReverseProxy"]!["Clusters"]!["orders-blue"]!["Destinations"]!["b1"]!["Address"] = api.Active, untilHealthy: false);
        using var admin = new HttpClient { BaseAddress = fleet.Admin.Http.BaseAddress };
        using var output = new StringWriter();
        using var process = Process.GetCurrentProcess();
        var answered = 0;
        var measurement = new MirrorMeasurement(new MirroredGateway(admin), api.Standbys, SendAsync, () => (process.TotalProcessorTime, Environment.WorkingSet), output);
        StandbyKind[] kinds = [StandbyKind.Healthy, StandbyKind.Hanging, StandbyKind.Resetting, StandbyKind.Closed];

        await measurement.RunAsync(kinds.Select(kind => new MirrorCell(kind, BodyBytes: 1024, NoisePercent: 0, Rate)), pairs: 1, Window);

        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Skip(2).Select(line => line.Split('|')[1].Trim()).Should().Equal("healthy", "hanging", "resetting", "closed");

        // Those that are due in a tenth of a second, in each of eight windows.
        answered.Should().Be(kinds.Length * 2 * (int)(Rate * Window.TotalSeconds));

        async Task<int[]> SendAsync(MirrorCell cell, TimeSpan length, Action started)
        {
            var load = new PacedLoad(new Uri(fleet.Gateway.Url).Port, $"/orders/{cell.BodyBytes}", cell.Rate, Connections: 4, length) { Settling = TimeSpan.FromMilliseconds(20) };
            var times = await load.SendAsync(started);
            answered += times.Length;
            return times;
        }
    }
}

using System.Diagnostics;
using System.Text.Json;
using BlueGreen.Contracts;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Orders mirrors and waits for what they count.</summary>
internal static class MirrorClient
{
    public const string Path = "/v1/services/orders/mirror";
    public const string Header = "X-BlueGreen-Mirror";

    // By default the gateway asks the active slot a second time for one request in five: tests that count requests would see it by chance.
    private static readonly object WithoutSecondCopies = new { compare = new { noisePercent = 0 } };

    /// <summary>Orders a mirror; without an order, one that sends each request to the standby only.</summary>
    public static async Task<MirrorReport> MirrorAsync(this Fleet fleet, object? order = null)
    {
        var answer = await fleet.Admin.PostAsync(Path, order ?? WithoutSecondCopies);
        answer.Status.Should().Be(200, answer.Body);
        return Read(answer).Newest!;
    }

    public static async Task<MirrorStatus> MirrorStatusAsync(this Fleet fleet) => Read(await fleet.Admin.SendAsync(HttpMethod.Get, Path));

    public static async Task<MirrorReport> UntilMirrorAsync(this Fleet fleet, Func<MirrorReport, bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var report = (await fleet.MirrorStatusAsync()).Newest!;
            if (condition(report))
            {
                return report;
            }

            watch.Elapsed.Should().BeLessThan(TestLimits.Wait, JsonSerializer.Serialize(report, ContractsJson.Default.MirrorReport));
            await Task.Delay(20);
        }
    }

    /// <summary>Waits until it is written down that a mirror has ended.</summary>
    public static async Task UntilEndIsAuditedAsync(this Fleet fleet)
    {
        var watch = Stopwatch.StartNew();
        while (!(await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().Any(entry => entry.GetProperty("action").GetString() == "stopMirror"))
        {
            watch.Elapsed.Should().BeLessThan(TestLimits.Wait);
            await Task.Delay(20);
        }
    }

    public static MirrorStatus Read(AdminAnswer answer) => JsonSerializer.Deserialize(answer.Body, ContractsJson.Default.MirrorStatus)!;
}

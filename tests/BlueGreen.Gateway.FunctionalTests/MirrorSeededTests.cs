using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>
/// Two versions that differ at many places, under random noise: each difference is found and named, and none of the noise is called one.
/// The table of docs/mirror.md is written to the file that <c>BLUEGREEN_MIRROR_TABLE</c> names, if it does.
/// </summary>
public sealed class MirrorSeededTests
{
    // A place is called different after some twelve requests; one round in ten has one for the rare route.
    private const int MaxRounds = 300;
    private const int RoundsPerRareRequest = 10;

    // A mirror copies 200 requests per second: a round of ten in this time loses none to the rate.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(55);

    [Fact]
    public async Task Differences_OfTwoVersions_AreAllNamedByRouteAndPathAndNoiseIsNot()
    {
        await using var fleet = await Fleet.HostAsync(AddRoutes);
        fleet.Blue.Trouble = context => SeededApi.AnswerAsync(context, isNew: false);
        fleet.Green.Trouble = context => SeededApi.AnswerAsync(context, isNew: true);
        using var client = fleet.Client();
        await fleet.MirrorAsync(new { compare = new { headers = SeededApi.Headers, sets = SeededApi.Sets, noisePercent = 100 } });
        var expected = SeededApi.Differences.SelectMany(seed => seed.Paths.Select(path => (seed.Route, Path: path))).ToList();
        var found = new Dictionary<(string Route, string Path), (MirrorDifference Difference, long Requests)>();
        var report = await fleet.UntilMirrorAsync(_ => true);
        using var pace = new PeriodicTimer(Pace);

        for (var round = 0; round < MaxRounds && found.Count < expected.Count; round++)
        {
            // Nine routes and the rare one in each tenth round: one request in a hundred.
            var routes = SeededApi.Routes.Select(route => route == "same" && round % RoundsPerRareRequest == 0 ? SeededApi.RareRoute : route);
            await pace.WaitForNextTickAsync();
            await Task.WhenAll(routes.Select(route => AskAsync(client, route)));
            report = await fleet.UntilMirrorAsync(now => now.Open == 0);
            foreach (var difference in report.Differences.Where(difference => difference.Verdict == "different"))
            {
                found.TryAdd((difference.Route, difference.Path), (difference, report.Routes.Single(route => route.Route == difference.Route).Compared));
            }
        }

        string.Join(" ", expected.Except(found.Keys)).Should().BeEmpty("each seeded difference is found");
        string.Join(" ", found.Keys.Except(expected)).Should().BeEmpty("nothing else is called different");
        report.Differences.Where(difference => difference.Verdict == "noise").Select(difference => (difference.Route, difference.Path)).Should().BeEquivalentTo(SeededApi.Noise);
        report.Differences.Where(difference => difference.Verdict == "suspected").Should().BeEmpty();
        report.Differences.Where(difference => difference.Verdict == "noise").Should().OnlyContain(difference => difference.OnlyStandby == 0 && difference.OnlyActive == 0);
        (report.Failed, report.BodiesNotCompared, report.DifferencesLeftOut).Should().Be((0, 0, 0));
        await WriteTableAsync(found);
    }

    private static void AddRoutes(JsonNode configuration)
    {
        foreach (var route in SeededApi.Routes.Append(SeededApi.RareRoute))
        {
            configuration["ReverseProxy"]!["Routes"]![route] = JsonNode.Parse($$"""{ "ClusterId": "orders-blue", "Match": { "Path": "/{{route}}/{**rest}" } }""");
        }
    }

    private static async Task AskAsync(HttpClient client, string route)
    {
        using var request = new HttpRequestMessage(route == "head" ? HttpMethod.Head : HttpMethod.Get, $"/{route}/1");
        using var response = await client.SendAsync(request);
        ((int)response.StatusCode).Should().Be(route == "error" ? 404 : 200, "clients get the older version's answers");
    }

    private static Task WriteTableAsync(Dictionary<(string Route, string Path), (MirrorDifference Difference, long Requests)> found) =>
        Environment.GetEnvironmentVariable("BLUEGREEN_MIRROR_TABLE") is { Length: > 0 } file
            ? File.WriteAllLinesAsync(file, SeededApi.Differences.SelectMany(seed => seed.Paths.Select(path =>
            {
                var (difference, requests) = found[(seed.Route, path)];
                return string.Create(CultureInfo.InvariantCulture, $"| {seed.What} | `{seed.Route}` | `{path}` | `{difference.Active}` | `{difference.Standby}` | {requests} |");
            })))
            : Task.CompletedTask;
}

using System.Xml.Linq;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen history --release ID --svg</c>, of releases of a real gateway.</summary>
public sealed class TimelineTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public async Task Svg_OfARollbackAfterAComparison_ShowsItsStepsItsWeightAndItsEvidence()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = new System.Text.Json.Nodes.JsonObject { ["Key"] = "request" });
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.FromResult(true);
        };
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(5));
        var id = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600, reason = "<2.0.0> & \"more\"" })).Release.Id;
        await fleet.Admin.UntilNoReleaseAsync();

        var drawn = (await fleet.BlueGreenAsync("history", "--release", id, "--svg")).ShouldEndWith(0);

        var picture = XDocument.Parse(drawn.Out);
        var texts = picture.Descendants(Svg + "text").Select(text => text.Value).ToList();
        texts.Should().Contain($"Release {id}: rolledBack").And.Contain(text => text.Contains("<2.0.0> & \"more\"", StringComparison.Ordinal))
            .And.Contain(text => text.StartsWith("switched: orders: blue to green", StringComparison.Ordinal))
            .And.Contain(text => text.StartsWith("alarm, comparison began: orders: ", StringComparison.Ordinal))
            .And.Contain(text => text.StartsWith("confirmed, rollback ordered: orders: ", StringComparison.Ordinal));
        Classes(picture, "rect").Should().Contain("verifying").And.Contain("confirming").And.Contain("rollingBack");
        Classes(picture, "path").Should().Contain("weight").And.Contain("c0 bake").And.Contain("c0 comparison");
        Classes(picture, "line").Should().Contain("threshold");
        Classes(picture, "circle").Should().Contain("overThreshold", "the evidence that decided is on the picture");

        var timeline = (await fleet.BlueGreenAsync("history", "--release", id, "-o", "json")).ShouldEndWith(0);
        timeline.Json.GetProperty("status").GetString().Should().Be("rolledBack");
        drawn.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Svg_OfAShiftThatSomebodyPromotes_GoesOnFromTheShiftToTheBake()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = new System.Text.Json.Nodes.JsonObject { ["Key"] = "request" });
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(5));
        (await fleet.BlueGreenAsync("cutover", "--steps", "40:1h", "--bake", "10m", "--wait", "shifting")).ShouldEndWith(0);
        await fleet.Admin.UntilAsync(status => status.Release?.Bake.Services is [{ Responses: > 20 }]);
        (await fleet.BlueGreenAsync("promote", "--wait", "switched")).ShouldEndWith(0);
        await fleet.Admin.UntilAsync(status => status.Release is { SwitchedAt: not null, Bake.Services: [{ Responses: > 20 }] });
        var id = (await fleet.Admin.StatusAsync()).Release!.Id;

        var picture = XDocument.Parse((await fleet.BlueGreenAsync("history", "--release", id, "--svg")).ShouldEndWith(0).Out);

        picture.Descendants(Svg + "text").Should().Contain(text => text.Value == "promoted: 40 % to 100 % by anonymous");
        picture.Descendants(Svg + "title").Should().Contain(title => title.Value.StartsWith("40 % on green from ", StringComparison.Ordinal));
        Classes(picture, "rect").Should().Contain("shifting");
        Classes(picture, "path").Should().Contain("c0 shift").And.Contain("c0 bake");
    }

    [Fact]
    public async Task Svg_ToAFile_IsWrittenThereAndToldSo()
    {
        await using var fleet = await Fleet.HostAsync();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "release.svg");
        var id = (await fleet.Admin.CutoverAsync(until: "completed")).Release.Id;

        (await fleet.BlueGreenAsync("history", "--release", id, "--svg", file)).ShouldEndWith(0).Out.Should().Contain($"Release {id} is drawn in {file}.");

        XDocument.Load(file).Descendants(Svg + "text").Should().Contain(text => text.Value == "Nothing was judged: there is no evidence to show.");
        (await fleet.BlueGreenAsync("history", "--release", id, "--svg", Path.Combine(folder.Path, "nowhere", "release.svg"))).ShouldEndWith(64).Error.Should().Contain("could not be written to");
    }

    [Theory]
    [InlineData("--svg draws one release: name it with --release ID.", "history", "--svg")]
    [InlineData("--svg and --output json contradict each other", "history", "--release", "r1-000000", "--svg", "-o", "json")]
    public async Task Svg_ThatMakesNoSense_IsRefusedBeforeAnythingIsAsked(string expected, params string[] arguments)
    {
        (await BlueGreenProcess.RunAsync(arguments, "http://127.0.0.1:1")).ShouldEndWith(64).Error.Should().Contain(expected);
    }

    [Fact]
    public async Task Svg_OfAReleaseThatIsNotThere_EndsAsHistoryDoes()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("history", "--release", "r999-nothere", "--svg")).ShouldEndWith(64);

        result.Error.Should().Contain("r999-nothere");
        result.Out.Should().BeEmpty();
    }

    [Fact]
    public async Task Svg_FromAnOlderGateway_SaysThatItIsOlder()
    {
        await using var fleet = await Fleet.HostAsync();
        var release = (await fleet.Admin.CutoverAsync(until: "completed")).Release;
        var body = (await fleet.Admin.SendAsync(HttpMethod.Get, $"/v1/releases/{release.Id}")).Body;
        await using var older = await ForeignServer.StartAsync(path => path.EndsWith("/timeline", StringComparison.Ordinal)
            ? (404, "application/problem+json", """{ "type": "/problems/not-found", "title": "t", "status": 404, "detail": "There is no such call.", "code": "not-found" }""")
            : (200, "application/json", body));

        var result = (await BlueGreenProcess.RunAsync(["history", "--release", release.Id, "--svg"], older.Url)).ShouldEndWith(1);

        result.Out.Should().BeEmpty();
        result.Error.Should().Contain("This gateway is older than this bluegreen and has no timelines").And.Contain($"bluegreen history --release {release.Id}");
    }

    [Fact]
    public async Task Timeline_OfARunningBake_GoesOnAfterARestart()
    {
        await using var fleet = await Fleet.HostAsync();
        string id;
        await using (var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(5)))
        {
            await crowd.UntilAsync(served => served.Requests > 200);
            id = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 })).Release.Id;
            await fleet.Admin.UntilAsync(status => status.Release?.Bake.Services is [{ Responses: > 100 }]);
        }

        var before = await PointsAsync(fleet, id);
        before.Should().NotBeEmpty();
        await fleet.Gateway.DisposeAsync();
        await fleet.HostGatewayAsync();

        var after = await PointsAsync(fleet, id);

        after[0].Should().Be(before[0], "what the last process has kept is there");
        after.Count.Should().BeLessThanOrEqualTo(240);
    }

    private static async Task<List<(string At, double LnE)>> PointsAsync(Fleet fleet, string id)
    {
        var timeline = (await fleet.Admin.SendAsync(HttpMethod.Get, $"/v1/releases/{id}/timeline")).Json;
        return [.. timeline.GetProperty("services")[0].GetProperty("curves").EnumerateArray().Single(curve => (curve.GetProperty("metric").GetString(), curve.GetProperty("stage").GetString()) == ("5xx", "bake"))
            .GetProperty("points").EnumerateArray().Select(point => (point.GetProperty("at").GetString()!, point.GetProperty("lnE").GetDouble()))];
    }

    private static List<string> Classes(XDocument picture, string element) =>
        [.. picture.Descendants(Svg + element).Select(found => found.Attribute("class")?.Value ?? "")];
}

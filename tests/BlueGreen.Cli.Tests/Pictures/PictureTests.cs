using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Cli.Tests.Pictures;

/// <summary>
/// The terminal pictures of docs/images, taken of <c>bluegreen</c> at work on a fleet with traffic:
/// <c>UPDATE_DOCS=1 dotnet test tests/BlueGreen.Cli.Tests --filter PictureTests</c>.
/// </summary>
public sealed class PictureTests
{
    private const int Columns = 112;

    // For tables whose last column is the one to read.
    private const int WideColumns = 150;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(40);

    [PictureFact]
    public async Task Cutover_WhileItDrainsAndBakes()
    {
        await using var fleet = await StartAsync();
        await using var crowd = await ServeAsync(fleet);
        using var client = new HttpClient();
        var held = new[] { await fleet.HoldRequestAsync(client, "one"), await fleet.HoldRequestAsync(client, "two") };
        using var events = await client.GetAsync($"{fleet.Gateway.Url}/orders/events/held", HttpCompletionOption.ResponseHeadersRead);
        using var cutover = Start(fleet, "cutover orders --wait completed --bake 20s");

        await UntilShownAsync(cutover, text => text.Contains("2 requests, 1 stream left", StringComparison.Ordinal) && text.Contains("00:17 left of", StringComparison.Ordinal));
        await SaveAsync("cutover", "cutover orders --wait completed --bake 20s", cutover, "A cutover on a terminal");

        foreach (var gate in new[] { "one", "two" })
        {
            fleet.Blue.Open(gate);
        }

        await Task.WhenAll(held);
    }

    [PictureFact]
    public async Task Watch_WhileAReleaseBakes()
    {
        await using var fleet = await StartAsync();
        await using var crowd = await ServeAsync(fleet);
        using var watch = Start(fleet, "watch");
        await UntilShownAsync(watch, text => text.Contains("billing", StringComparison.Ordinal));
        (await fleet.Admin.CutoverAsync(new { bakeSeconds = 60, reason = "2.0.0" })).Status.Should().Be(200);

        await UntilShownAsync(watch, text => text.Contains("bakeProgress", StringComparison.Ordinal));
        await SaveAsync("watch", "watch", watch, "bluegreen watch on a terminal: all services, and the release that runs");
    }

    [PictureFact]
    public async Task Rollback_BecauseTheNewVersionFails()
    {
        await using var fleet = await StartAsync();
        await using var crowd = await ServeAsync(fleet);
        var requests = 0;
        fleet.Green.Trouble = context =>
        {
            // Five in a hundred, spread over the clients.
            var isBad = Interlocked.Increment(ref requests) % 20 == 0;
            context.Response.StatusCode = isBad ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK;
            return Task.FromResult(isBad);
        };
        using var cutover = Start(fleet, "cutover orders --wait completed --bake 5m");

        (await cutover.EndAsync()).ShouldEndWith(3);
        await SaveAsync("rollback", "cutover orders --wait completed --bake 5m", cutover, "A release that fails five in a hundred requests, rolled back by itself");
        await SaveAsync(fleet, "status", "All services, after a rollback");
        await SaveAsync(fleet, "history", "The releases, newest first", columns: WideColumns);
        await SaveAsync(fleet, "audit", "Who changed what, when and why", columns: WideColumns);
    }

    [PictureFact]
    public async Task Timeline_OfARollbackAfterAComparison()
    {
        await using var fleet = await StartAsync();
        await using var crowd = await ServeAsync(fleet);
        var (requests, isBroken) = (0, false);
        fleet.Green.Trouble = context =>
        {
            // A fault that comes some time after the switch, in twelve of a hundred responses.
            var isBad = isBroken && Interlocked.Increment(ref requests) % 8 == 0;
            context.Response.StatusCode = isBad ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK;
            return Task.FromResult(isBad);
        };
        var id = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 300, reason = "2.0.0" })).Release.Id;
        await fleet.Admin.UntilAsync(status => status.Release?.Bake.Services is [{ Responses: > 1500 }]);
        isBroken = true;
        await fleet.Admin.UntilNoReleaseAsync();

        using var drawn = BlueGreenProcess.Start(["history", "--release", id, "--svg", PathOf("timeline")], fleet.AdminUrl());
        (await drawn.EndAsync()).ShouldEndWith(0);
    }

    [PictureFact]
    public async Task Shift_InItsSecondStep()
    {
        const string command = "cutover orders --steps 1:5s,10:5m,50:5m";
        await using var fleet = await StartAsync(configuration => Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "request" });
        var requests = 0;
        fleet.Blue.Trouble = fleet.Green.Trouble = context =>
        {
            // What goes wrong anyway, on both.
            var isBad = Interlocked.Increment(ref requests) % 150 == 0;
            context.Response.StatusCode = isBad ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK;
            return Task.FromResult(isBad);
        };
        await using var crowd = await ServeAsync(fleet);
        using var cutover = Start(fleet, command);

        await UntilShownAsync(cutover, text => text.Contains("10 % to green, step 2 of 3, the next step in 04:4", StringComparison.Ordinal));
        await SaveAsync("shift-terminal", command, cutover, "A shift on a terminal: its weight, the share that was reached, the evidence, and the time to the next step");
    }

    [PictureFact]
    public async Task MirrorDiff_OfTwoVersions()
    {
        await using var fleet = await StartAsync();
        var orders = 0;
        foreach (var (api, total, name) in new[] { (fleet.Blue, "9.99", "\"customer\":\"c-17\","), (fleet.Green, "9.9", "") })
        {
            api.Trouble = async context =>
            {
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync($$"""{"id":1,{{name}}"total":{{total}},"requestId":"{{Interlocked.Increment(ref orders)}}"}""");
                return true;
            };
        }

        await using var crowd = await ServeAsync(fleet);
        await fleet.MirrorAsync(new { percent = 20, seconds = 600, reason = "before 2.0.0" });
        await fleet.UntilMirrorAsync(report => report.Answered > 400);

        await SaveAsync(fleet, "mirror diff orders", "What the standby answers differently, by route and place, and what is noise", exitCode: 2, columns: WideColumns);
    }

    [PictureFact]
    public async Task Preflight_OfASickStandby()
    {
        await using var fleet = await StartAsync();
        fleet.Green.Schema = new { current = 42, min = 43, max = 44 };

        await SaveAsync(fleet, "preflight orders", "The release checklist: a gate fails, and what to do", exitCode: 2);
    }

    [Fact]
    public void Pictures_OfTheDocumentation_HaveNoBlanksThatARendererCollapses()
    {
        foreach (var file in new[] { "cutover", "watch", "rollback", "status", "history", "audit", "preflight", "shift-terminal", "mirror" })
        {
            var picture = System.Xml.Linq.XDocument.Load(PathOf(file));

            picture.Descendants().Where(element => element.Name.LocalName == "text").Should().NotBeEmpty().And.OnlyContain(
                element => !element.HasElements && !element.Value.Contains(' ') && element.Attribute("textLength") != null);
        }
    }

    private static async Task<Fleet> StartAsync(Action<JsonNode>? configure = null)
    {
        var fleet = await Fleet.HostAsync(configuration =>
        {
            Fleet.Service(configuration)["Drain"] = JsonNode.Parse("""{ "Timeout": "00:05:00" }""");
            Fleet.AddService(configuration, "billing");
            configure?.Invoke(configuration);
        });
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Healthy && status.Slots.Blue.Health == HealthState.Healthy, "billing");
        return fleet;
    }

    // Enough of the past for the bake to have something to compare with.
    private static async Task<Crowd> ServeAsync(Fleet fleet)
    {
        var crowd = new Crowd(fleet.Gateway.Url, clients: 12, Pace);
        await crowd.UntilAsync(served => served.Requests > 1500);
        return crowd;
    }

    private static BlueGreenProcess Start(Fleet fleet, string command) => BlueGreenProcess.StartOnTerminal(command, Columns, fleet.AdminUrl());

    private static async Task UntilShownAsync(BlueGreenProcess process, Func<string, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!condition(Screen.Of(process.Out, Columns).Text))
        {
            limit.IsCancellationRequested.Should().BeFalse("this is shown: {0}", Screen.Of(process.Out, Columns).Text);
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private static async Task SaveAsync(Fleet fleet, string command, string description, int exitCode = 0, int columns = Columns)
    {
        using var process = BlueGreenProcess.StartOnTerminal(command, columns, fleet.AdminUrl());
        (await process.EndAsync()).ShouldEndWith(exitCode);
        await SaveAsync(command.Split(' ')[0], command, process, description, columns);
    }

    private static Task SaveAsync(string name, string command, BlueGreenProcess process, string description, int columns = Columns) =>
        File.WriteAllTextAsync(PathOf(name), ScreenSvg.Of(command, Screen.Of(process.Out, columns), description));

    private static string PathOf(string name) => Repository.PathOf("docs", "images", $"{name}.svg");
}

using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary><c>bluegreen</c> against a fleet's gateway.</summary>
internal static class FleetCli
{
    public static string AdminUrl(this Fleet fleet) => fleet.Admin.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

    public static Task<CliResult> BlueGreenAsync(this Fleet fleet, params string[] arguments) => HostedCli.RunAsync(arguments, fleet.AdminUrl());

    public static BlueGreenProcess Start(this Fleet fleet, params string[] arguments) => BlueGreenProcess.Start(arguments, fleet.AdminUrl());

    /// <summary>A request that is in flight on the active slot until the test opens its gate, or the gateway ends it.</summary>
    public static async Task<Task<HttpResponseMessage>> HoldRequestAsync(this Fleet fleet, HttpClient client, string gate = "held")
    {
        var before = await fleet.Admin.StatusAsync();
        var request = client.GetAsync($"{fleet.Gateway.Url}/orders/gate/{gate}");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total + status.Slots.Green.InFlight.Total
            > before.Slots.Blue.InFlight.Total + before.Slots.Green.InFlight.Total);
        return request;
    }

    /// <summary>Waits until <c>bluegreen watch</c> tells events: from the moment on in which its stream is open, which only events can show.</summary>
    public static Task UntilListensAsync(this Fleet fleet, BlueGreenProcess watch) =>
        UntilListensAsync(watch, async to => (await fleet.Admin.CutoverAsync(new { to }, until: "completed")).Status.Should().Be(200));

    /// <summary>The same, with a switch that goes another way.</summary>
    public static async Task UntilListensAsync(BlueGreenProcess watch, Func<string, Task> switchTo)
    {
        var to = "green";
        for (var tries = 0; tries < 100 && !watch.Out.Contains("succeeded", StringComparison.Ordinal); tries++)
        {
            await switchTo(to);
            to = to == "green" ? "blue" : "green";
            using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            while (!soon.IsCancellationRequested && !watch.Out.Contains("succeeded", StringComparison.Ordinal))
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }

        watch.Out.Should().Contain("succeeded");
    }
}

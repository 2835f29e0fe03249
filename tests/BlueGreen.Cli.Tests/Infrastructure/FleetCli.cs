using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary><c>bluegreen</c> against a fleet's gateway.</summary>
internal static class FleetCli
{
    public static string AdminUrl(this Fleet fleet) => fleet.Admin.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

    public static Task<CliResult> BlueGreenAsync(this Fleet fleet, params string[] arguments) => BlueGreenProcess.RunAsync(arguments, fleet.AdminUrl());

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
}

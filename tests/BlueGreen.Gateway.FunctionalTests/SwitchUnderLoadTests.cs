using System.Net;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Invariants 1, 2 and 4: no request fails or goes astray because of a switch.</summary>
public sealed class SwitchUnderLoadTests
{
    private const int Switches = 1000;
    private const int Clients = 16;

    [Theory]
    [InlineData("1.1", HttpProtocols.Http1)]
    [InlineData("2.0", HttpProtocols.Http2)]
    public async Task Switch_ThousandTimesUnderLoadWithBodies_NoRequestFailsOrReachesTheOldSlot(string version, HttpProtocols protocols)
    {
        await using var fleet = await Fleet.StartAsync(protocols: protocols);
        await using var load = new LoadClient(fleet.Gateway.Url, Clients, Version.Parse(version));
        var target = SlotName.Green;
        for (var count = 0; count < Switches; count++)
        {
            load.SwitchAsked();

            // Every other switch goes back by a rollback, the others forward; forced, for the verification has tests of its own.
            var answer = target == SlotName.Green
                ? await fleet.Admin.CutoverAsync(new { to = "green", force = true }, until: "switched")
                : await fleet.Admin.RollbackAsync(new { force = true }, until: "switched");
            answer.Status.Should().Be((int)HttpStatusCode.OK, answer.Body);
            answer.Release.SwitchedAt.Should().NotBeNull();
            load.SwitchAcknowledged(target.ToText());
            target = target.Other();

            // The next cutover needs the last release to have drained; under load, that is a matter of milliseconds.
            await fleet.Admin.UntilNoReleaseAsync();
        }

        await load.StopAsync();
        load.Failures.Should().BeEmpty();
        load.Requests.Should().BeGreaterThan(Switches);
        load.Checked.Should().BeGreaterThan(Switches, "else the check of the slot has hardly ever been made");
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1 + Switches);
    }
}

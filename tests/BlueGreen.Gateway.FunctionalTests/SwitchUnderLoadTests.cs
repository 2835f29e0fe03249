using System.Net;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit.Abstractions;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Invariants 1, 2 and 4: no request fails or goes astray because of a switch.</summary>
public sealed class SwitchUnderLoadTests(ITestOutputHelper output)
{
    private const int Switches = 1000;
    private const int Clients = 16;

    // So that several requests are on their way at each switch, and the switches have the rest of the CPU.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    [Theory]
    [InlineData("1.1", HttpProtocols.Http1)]
    [InlineData("2.0", HttpProtocols.Http2)]
    public async Task Switch_ThousandTimesUnderLoadWithBodies_NoRequestFailsOrReachesTheOldSlot(string version, HttpProtocols protocols)
    {
        await using var fleet = await Fleet.StartAsync(protocols: protocols);
        await using var load = new LoadClient(fleet.Gateway.Url, Clients, Version.Parse(version), Pause);
        var target = SlotName.Green;
        var onTheirWay = 0L;
        for (var count = 0; count < Switches; count++)
        {
            load.SwitchAsked();
            onTheirWay += load.OnTheirWay;

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
        output.WriteLine($"{load.Requests} requests, {load.Checked} of them with their slot checked, {onTheirWay} on their way at a switch");
        load.Requests.Should().BeGreaterThan(Switches);
        onTheirWay.Should().BeGreaterThan(Switches, "else the switches meet hardly any request");
        load.Checked.Should().BeGreaterThan(Switches, "else the check of the slot has hardly ever been made");
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1 + Switches);
    }
}

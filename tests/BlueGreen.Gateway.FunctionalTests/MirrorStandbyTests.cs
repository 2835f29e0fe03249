using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A mirror ends by itself when the standby suffers, or is another one.</summary>
public sealed class MirrorStandbyTests
{
    [Fact]
    public async Task Standby_ThatBecomesUnhealthy_EndsTheMirror()
    {
        await using var fleet = await Fleet.HostAsync();
        await fleet.MirrorAsync();

        BeSick(fleet.Green);

        var report = await fleet.UntilMirrorAsync(report => report.EndedAt is not null);
        report.EndedBecause.Should().StartWith("the standby's health got worse: ").And.Contain("0 of 1 destinations are healthy");
        await fleet.UntilEndIsAuditedAsync();
        await fleet.Gateway.UntilOutputAsync("The mirror of orders has ended: the standby's health got worse");
    }

    // Whoever orders it can see that.
    [Fact]
    public async Task Standby_UnhealthyBefore_IsMirroredTo()
    {
        await using var fleet = await Fleet.HostAsync();
        BeSick(fleet.Green);
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Unhealthy);
        await fleet.MirrorAsync();

        // The active slot's health is no reason either.
        BeSick(fleet.Blue);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.Health == HealthState.Unhealthy);

        (await fleet.MirrorStatusAsync()).Running.Should().BeTrue();
    }

    [Fact]
    public async Task Standby_ThatFailsMostCopies_EndsTheMirrorAndTheClientsAreServed()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Trouble = context =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
        using var client = fleet.Client();
        await fleet.MirrorAsync();

        var report = await SendUntilEndedAsync(fleet, client);

        report.EndedBecause.Should().MatchRegex("^the standby gave no whole answer to (2[6-9]|[34]\\d|50) of the last 50 copies$");
        report.Failed.Should().BeGreaterThan(25);
        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
    }

    [Fact]
    public async Task Standby_SlowerThanTheLimit_EndsTheMirror()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Trouble = async context =>
        {
            await Task.Delay(20, context.RequestAborted);
            return false;
        };
        using var client = fleet.Client();
        (await fleet.MirrorAsync(new { maxLatencyMs = 5, compare = new { noisePercent = 0 } })).MaxLatencyMs.Should().Be(5);

        (await SendUntilEndedAsync(fleet, client)).EndedBecause.Should().StartWith("the standby was too slow: 50 of the last 50 copies took longer than 5 ms");
    }

    // Clients that go away take their copies with them, which says nothing of the standby.
    [Fact]
    public async Task Clients_ThatGoAway_DoNotEndTheMirror()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        await fleet.MirrorAsync();
        for (var gone = 1; gone <= 60; gone++)
        {
            using var leave = new CancellationTokenSource();
            var request = client.GetAsync("/orders/gate/never", leave.Token);
            await fleet.UntilMirrorAsync(report => report.Open == 1 || report.Skipped["rate"] + report.Skipped["activeIncomplete"] >= gone);
            await leave.CancelAsync();
            await request.Invoking(sent => sent).Should().ThrowAsync<OperationCanceledException>();
            await fleet.UntilMirrorAsync(report => report.Open == 0);
        }

        (await fleet.MirrorStatusAsync()).Running.Should().BeTrue();
    }

    [Theory]
    [InlineData("orders-blue", "the destinations of blue were changed: ")]
    [InlineData("orders-green", "the destinations of green were changed: ")]
    public async Task Reload_WithOtherDestinations_EndsTheMirror(string cluster, string because)
    {
        await using var fleet = await Fleet.HostAsync();
        await using var other = await TestApi.StartAsync("3.0.0");
        await fleet.MirrorAsync();

        AdminSection.Rewrite(fleet, configuration =>
            ((JsonObject)configuration["ReverseProxy"]!["Clusters"]![cluster]!["Destinations"]!).First().Value!["Address"] = other.Address);

        (await fleet.UntilMirrorAsync(report => report.EndedAt is not null)).EndedBecause.Should().Be($"{because}{other.Address}");
        await fleet.UntilEndIsAuditedAsync();
    }

    [Fact]
    public async Task Reload_ThatRemovesTheService_EndsTheMirror()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        (await fleet.Admin.PostAsync("/v1/services/users/mirror")).Status.Should().Be(200);

        AdminSection.Rewrite(fleet, configuration => ((JsonObject)configuration["BlueGreen"]!["Services"]!).Remove("users"));

        await fleet.Gateway.UntilOutputAsync("The mirror of users has ended: the service was removed");
        await fleet.UntilEndIsAuditedAsync();
    }

    private static void BeSick(TestApi api) => api.Health = context => api.WriteReportAsync(context, "unhealthy", 503);

    private static async Task<MirrorReport> SendUntilEndedAsync(Fleet fleet, HttpClient client)
    {
        for (var sent = 0; (await fleet.MirrorStatusAsync()).Running; sent++)
        {
            sent.Should().BeLessThan(2000);
            (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
        }

        return (await fleet.MirrorStatusAsync()).Newest!;
    }
}

using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A state that can't be written is shown wherever somebody looks, before and after somebody needs it.</summary>
public sealed class StateWarningTests
{
    [LinuxFact]
    public async Task State_CantBeWritten_IsShownUntilItCanAndTrafficFlows()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        (await ShownAsync(fleet)).Should().Be((0, 0, "healthy", 1));
        File.CreateSymbolicLink(fleet.StateFile + ".tmp", "/dev/full");

        var refused = await fleet.Admin.CutoverAsync(new { force = true });

        refused.Code.Should().Be("state-unavailable");
        (await ShownAsync(fleet)).Should().Be((1, 1, "degraded", 0));
        var warning = (await fleet.Admin.StatusAsync("users")).Warnings.Single();
        warning.Should().Contain("can't be stored since").And.Contain(fleet.StateFolder).And.Contain("No space left on device");
        var health = (await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz")).Json.GetProperty("state");
        health.GetProperty("status").GetString().Should().Be("notWritable");
        health.GetProperty("lastError").GetString().Should().Contain("No space left on device");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz/ready")).Status.Should().Be(200, "traffic flows");

        // Nobody has to try: the gateway does.
        File.Delete(fleet.StateFile + ".tmp");
        await AdminSection.UntilAsync(async () => await ShownAsync(fleet) == (0, 0, "healthy", 1), () => fleet.Gateway.Output);
        File.Exists(fleet.StateFile + ".tmp").Should().BeFalse("the check leaves nothing behind");
        (await fleet.Admin.CutoverAsync(new { force = true }, until: "completed")).Status.Should().Be(200);
    }

    [LinuxFact]
    public async Task State_CantBeWrittenAndNoToken_SaysThatAndNotWhy()
    {
        await using var fleet = await Fleet.HostAsync(AdminSection.WithTokens(AdminSection.Token("ci", "act", "operator")), untilHealthy: false);
        File.CreateSymbolicLink(fleet.StateFile + ".tmp", "/dev/full");
        (await fleet.Admin.CutoverAsync(new { force = true }, headers: ("Authorization", "Bearer act"))).Code.Should().Be("state-unavailable");

        var health = await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz");

        health.Json.GetProperty("status").GetString().Should().Be("degraded");
        health.Json.GetProperty("state").GetProperty("status").GetString().Should().Be("notWritable");
        health.Body.Should().NotContain(fleet.StateFolder).And.NotContain("No space");
    }

    // Changes are possible, and what they add to audit and history waits in the state.
    [StraceFact]
    public async Task Journals_CantBeWritten_IsShownUntilTheyCan()
    {
        await using var fleet = await Fleet.StartAsync();
        await using (var strace = await Strace.AttachAsync(fleet.Gateway.Id, "fsync", "error=EIO"))
        {
            (await fleet.Admin.CutoverAsync(wait: null, headers: ("If-Match", "\"999\""))).Status.Should().Be(412);
            await AdminSection.UntilAsync(async () => (await StatusAsync()).Contains("Audit and history can't be written since", StringComparison.Ordinal), () => fleet.Gateway.Output);
            var health = (await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz")).Json;
            health.GetProperty("status").GetString().Should().Be("degraded");
            health.GetProperty("journals").GetProperty("lastError").GetString().Should().Contain("Can't flush");
            (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body.Should().Contain("\nbluegreen_journals_writable 0\n");
            await strace.DetachAsync();
        }

        await AdminSection.UntilAsync(async () => !(await StatusAsync()).Contains("can't be", StringComparison.Ordinal), () => fleet.Gateway.Output);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body.Should().Contain("\nbluegreen_journals_writable 1\n").And.Contain("\nbluegreen_state_writable 1\n");

        async Task<string> StatusAsync() => string.Join('\n', (await fleet.Admin.StatusAsync()).Warnings);
    }

    // The next success clears it, without waiting for a check.
    [LinuxFact]
    public async Task State_CanBeWrittenAgain_TheNextCommitClearsTheWarning()
    {
        await using var fleet = await Fleet.HostAsync();
        File.CreateSymbolicLink(fleet.StateFile + ".tmp", "/dev/full");
        (await fleet.Admin.RollbackAsync()).Code.Should().Be("nothing-to-roll-back");
        (await fleet.Admin.CutoverAsync(new { force = true })).Code.Should().Be("state-unavailable");
        File.Delete(fleet.StateFile + ".tmp");

        (await fleet.Admin.CutoverAsync(new { force = true })).Status.Should().Be(200);

        (await ShownAsync(fleet)).Should().Be((0, 0, "healthy", 1));
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    private static async Task<(int OfOrders, int OfUsers, string? Status, int Metric)> ShownAsync(Fleet fleet)
    {
        var services = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services")).Json.EnumerateArray()
            .ToDictionary(service => service.GetProperty("name").GetString()!, service => service.GetProperty("warnings").GetArrayLength());
        var metrics = (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body;
        var value = metrics.Split('\n').SingleOrDefault(line => line.StartsWith("bluegreen_state_writable ", StringComparison.Ordinal))?.Split(' ')[1];
        return (
            services["orders"],
            services.GetValueOrDefault("users"),
            (await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz")).Json.GetProperty("status").GetString(),
            value is null ? -1 : int.Parse(value));
    }
}

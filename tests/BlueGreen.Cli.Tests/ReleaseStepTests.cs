using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>approve</c>, <c>abort</c> and <c>finish</c> without the id of a release.</summary>
public sealed class ReleaseStepTests
{
    [Fact]
    public async Task Steps_OneReleaseRuns_AreAboutThatOne()
    {
        await using var fleet = await Fleet.HostAsync();
        await fleet.Admin.PostAsync("/v1/services/orders/cutover", new { requireApproval = true, bakeSeconds = 600 });
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);

        (await fleet.BlueGreenAsync("approve", "--wait", "drained")).ShouldEndWith(0).Out.Should().Contain("approved: by anonymous");
        (await fleet.BlueGreenAsync("finish")).ShouldEndWith(0).Out.Should().Contain("succeeded");

        (await fleet.BlueGreenAsync("abort", "-o", "json")).ShouldEndWith(5).Code.Should().Be("no-release");
    }

    [Fact]
    public async Task Steps_SeveralReleasesRun_ListThem()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "billing"));
        foreach (var service in new[] { "orders", "billing" })
        {
            await fleet.Admin.PostAsync($"/v1/services/{service}/cutover", new { requireApproval = true });
            await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval, service);
        }

        var result = (await fleet.BlueGreenAsync("approve")).ShouldEndWith(64);

        result.Error.Should().Contain("Which release?").And.MatchRegex("r1-\\w+ \\(orders, awaitingApproval\\)").And.MatchRegex("r2-\\w+ \\(billing, awaitingApproval\\)");
        (await fleet.Admin.StatusAsync()).Release!.Status.Should().Be(ReleaseStatus.AwaitingApproval);
    }
}

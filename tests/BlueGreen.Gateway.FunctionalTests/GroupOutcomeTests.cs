using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A release of several services of which each has an outcome of its own.</summary>
public sealed class GroupOutcomeTests
{
    private static readonly string[] Services = ["orders", "billing", "stock"];

    // "Roll the release back" means all of it, whatever somebody else has begun for a part of it.
    [Fact]
    public async Task RollbackOfTheRelease_OneServicesRollbackIsBeingVerified_TakesItOverAndSwitchesAllInOneStep()
    {
        await using var fleet = await HostAsync();
        var group = IdOf(await CutoverAsync(fleet, bakeSeconds: 600));
        var goOn = new TaskCompletionSource();
        fleet.Blue.Health = async context =>
        {
            await goOn.Task.WaitAsync(context.RequestAborted);
            await fleet.Blue.WriteReportAsync(context, "healthy");
        };
        var single = fleet.Admin.RollbackAsync(until: "completed");
        await fleet.Admin.UntilAsync(status => status.Release is { Kind: ReleaseKind.Rollback, Status: ReleaseStatus.Verifying });

        var asked = await fleet.Admin.PostAsync("/v1/rollback", new { release = group });
        asked.Status.Should().Be(202, asked.Body);
        asked.Release.Services.Select(service => service.Name).Should().BeEquivalentTo(Services);
        goOn.SetResult();

        await AllAreAsync(fleet, SlotName.Blue, generation: 3);
        var answer = await single;
        answer.Status.Should().Be(200, answer.Body);
        IdOf(answer).Should().Be(IdOf(asked), "who has asked for the one waits for the one that took its place");
        var ended = await fleet.Admin.ReleaseAsync(group);
        ended.Status.Should().Be(ReleaseStatus.RolledBack);
        ended.Services.Should().OnlyContain(service => service.Outcome == "rolledBack" && service.OutcomeBy == IdOf(asked));
        (await fleet.Admin.ReleaseAsync(IdOf(asked))).SwitchedAt.Should().NotBeNull();
    }

    [Fact]
    public async Task RollbackOfOneService_OfAReleaseThatBakes_LeavesTheOthersWatchedAndTheyCanStillBeRolledBack()
    {
        await using var fleet = await StartAsync();
        var group = IdOf(await CutoverAsync(fleet, bakeSeconds: 600));

        var single = await fleet.Admin.RollbackAsync(until: "completed");
        single.Status.Should().Be(200, single.Body);

        var left = await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Baking, "billing");
        IdOf(left.Release!).Should().Be(group);
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 3, Release = (Release?)null });
        Outcomes(await fleet.Admin.ReleaseAsync(group)).Should().Equal(("orders", "rolledBack", IdOf(single)), ("billing", null, null), ("stock", null, null));

        // The part that is back already is left alone, also over a restart.
        await fleet.RestartAfterKillAsync();
        var rest = await fleet.Admin.PostAsync("/v1/rollback?until=completed", new { release = group }, wait: 30);
        rest.Status.Should().Be(200, rest.Body);
        rest.Release.Services.Select(service => service.Name).Should().Equal("billing", "stock");
        await AllAreAsync(fleet, SlotName.Blue, generation: 3);
        var ended = await fleet.Admin.ReleaseAsync(group);
        ended.Status.Should().Be(ReleaseStatus.RolledBack);
        Outcomes(ended).Should().Equal(("orders", "rolledBack", IdOf(single)), ("billing", "rolledBack", IdOf(rest)), ("stock", "rolledBack", IdOf(rest)));
    }

    [Fact]
    public async Task Finish_AfterOneServiceWasRolledBack_IsNoSuccessAndSaysWhatBecameOfEach()
    {
        await using var fleet = await HostAsync();
        var group = IdOf(await CutoverAsync(fleet, bakeSeconds: 600));
        var single = IdOf(await fleet.Admin.RollbackAsync(until: "completed"));
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Baking, "billing");

        (await fleet.Admin.PostAsync($"/v1/releases/{group}/finish")).Status.Should().Be(200);

        var ended = await fleet.Admin.ReleaseAsync(group);
        ended.Status.Should().Be(ReleaseStatus.RolledBack);
        ended.Detail.Should().Contain($"orders was rolled back by release {single}").And.Contain("billing, stock: the bake was ended early");
        Outcomes(ended).Should().Equal(("orders", "rolledBack", single), ("billing", "succeeded", null), ("stock", "succeeded", null));
        (await fleet.Admin.StatusAsync("billing")).Active.Should().Be(SlotName.Green);
        (await fleet.Admin.StatusAsync("billing")).StandbyUse.DecommissionAt.Should().NotBeNull("its old slot is idle from now on");
        (await fleet.Admin.StatusAsync()).StandbyUse.DecommissionAt.Should().BeNull("what was rolled back is kept for whoever looks into it");
    }

    [Fact]
    public async Task ServiceRemovedFromTheConfiguration_DuringTheBake_LeavesTheOthersWatchedAndTheyCanBeRolledBack()
    {
        await using var fleet = await StartAsync();
        var group = IdOf(await CutoverAsync(fleet, bakeSeconds: 600));
        AdminSection.Rewrite(fleet, configuration => configuration["BlueGreen"]!["Services"]!.AsObject().Remove("stock"));

        await fleet.RestartAfterKillAsync();

        await fleet.Admin.UntilAsync(status => status.Release?.Services.Any(service => service.Outcome == "removed") == true);
        var release = await fleet.Admin.ReleaseAsync(group);
        release.Status.Should().Be(ReleaseStatus.Baking);
        Outcomes(release).Should().Equal(("orders", null, null), ("billing", null, null), ("stock", "removed", null));
        var rollback = await fleet.Admin.PostAsync("/v1/rollback?until=completed", new { release = group }, wait: 30);
        rollback.Status.Should().Be(200, rollback.Body);
        rollback.Release.Services.Select(service => service.Name).Should().Equal("orders", "billing");
        (await fleet.Admin.ReleaseAsync(group)).Status.Should().Be(ReleaseStatus.RolledBack);
        (await fleet.Admin.StatusAsync("billing")).Active.Should().Be(SlotName.Blue);
    }

    // Nobody has looked at its gates, so the others' switch must not take it along.
    [Fact]
    public async Task ServiceRemovedFromTheConfiguration_BeforeTheSwitch_StaysWhereItWas()
    {
        await using var fleet = await StartAsync();
        var group = IdOf(await fleet.Admin.PostAsync("/v1/cutover", new { services = Services, requireApproval = true }));
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);
        AdminSection.Rewrite(fleet, configuration => configuration["BlueGreen"]!["Services"]!.AsObject().Remove("stock"));
        await fleet.RestartAfterKillAsync();
        await fleet.Admin.UntilAsync(status => status.Release?.Services.Any(service => service.Outcome == "removed") == true);

        (await fleet.Admin.PostAsync($"/v1/releases/{group}/approve")).Status.Should().Be(200);

        await fleet.Admin.UntilNoReleaseAsync();
        var release = await fleet.Admin.ReleaseAsync(group);
        release.Status.Should().Be(ReleaseStatus.Succeeded);
        Outcomes(release).Should().Equal(("orders", "succeeded", null), ("billing", "succeeded", null), ("stock", "removed", null));
        var stored = new StoredFolder(fleet.StateFolder).State().GetProperty("services");
        stored.GetProperty("billing").GetProperty("active").GetString().Should().Be("green");
        stored.GetProperty("stock").GetProperty("active").GetString().Should().Be("blue");
        stored.GetProperty("stock").GetProperty("generation").GetInt64().Should().Be(1);
    }

    private static IEnumerable<(string Name, string? Outcome, string? By)> Outcomes(Release release) =>
        release.Services.Select(service => (service.Name, service.Outcome, service.OutcomeBy));

    private static string IdOf(AdminAnswer answer) => answer.Json.GetProperty("id").GetString()!;

    private static string IdOf(Release release) => release.Id!;

    private static async Task<AdminAnswer> CutoverAsync(Fleet fleet, int bakeSeconds)
    {
        var answer = await fleet.Admin.PostAsync("/v1/cutover?until=drained", new { services = Services, bakeSeconds }, wait: 30);
        answer.Status.Should().Be(200, answer.Body);
        return answer;
    }

    private static async Task AllAreAsync(Fleet fleet, SlotName slot, long generation)
    {
        foreach (var service in Services)
        {
            (await fleet.Admin.UntilAsync(status => status.Release is null, service)).Should().BeEquivalentTo(new { Active = slot, Generation = generation });
        }
    }

    private static Task<Fleet> StartAsync() => Fleet.StartAsync(AddServices);

    private static Task<Fleet> HostAsync() => Fleet.HostAsync(AddServices);

    private static void AddServices(JsonNode configuration)
    {
        Fleet.AddService(configuration, "billing");
        Fleet.AddService(configuration, "stock");
    }
}

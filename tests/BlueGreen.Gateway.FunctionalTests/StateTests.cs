using BlueGreen.ReverseProxy.State.Files;
using Microsoft.Extensions.Logging.Abstractions;
using System.Diagnostics;
using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Invariants 5 to 7: the stored state wins, a bad disk changes no traffic, a bad file is never an empty table.</summary>
public sealed class StateTests
{
    [Fact]
    public async Task Restart_AfterACutover_KeepsActiveSlotHistoryDeploymentAndAudit()
    {
        await using var other = await TestApi.StartAsync("3.0.0");
        await using var fleet = await Fleet.StartAsync();
        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green", new { version = "3.0.0", destinations = new { g9 = new { address = other.Address } } })).Status.Should().Be(200);
        var cutover = await fleet.Admin.CutoverAsync(until: "completed");
        cutover.Status.Should().Be(200, cutover.Body);

        await fleet.RestartAfterKillAsync();

        var status = await fleet.Admin.UntilHealthyAsync();
        status.Should().BeEquivalentTo(new { Active = SlotName.Green, Generation = 3, RollbackTo = SlotName.Blue });
        status.Slots.Green.Destinations.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Id = "g9", Address = other.Address });
        (await fleet.Admin.ReleaseAsync(cutover.Release.Id)).Status.Should().Be(ReleaseStatus.Succeeded);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().Select(entry => entry.GetProperty("action").GetString())
            .Should().Equal("succeeded", "switched", "cutover", "deploy");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await client.GetStringAsync("/orders/x")).Should().Be("3.0.0");
        fleet.Gateway.Output.Should().Contain("InitialActive blue counts only until a state has been stored");
    }

    [Fact]
    public async Task Restart_DuringTheBake_GoesOnWithTheTimeThatIsLeft()
    {
        await using var fleet = await Fleet.StartAsync();
        var cutover = await fleet.Admin.CutoverAsync(new { bakeSeconds = 3 }, until: "drained");

        await fleet.RestartAfterKillAsync();

        var release = await fleet.Admin.ReleaseAsync(cutover.Release.Id);
        release.Bake!.EndsAt.Should().Be(cutover.Release.Bake!.EndsAt);
        await fleet.Admin.UntilNoReleaseAsync();
        release = await fleet.Admin.ReleaseAsync(cutover.Release.Id);
        release.Status.Should().Be(ReleaseStatus.Succeeded);
        (release.CompletedAt - release.SwitchedAt).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(2.9));
    }

    [Fact]
    public async Task Restart_DuringTheVerification_EndsTheReleaseAsFailedAndNothingIsSwitched()
    {
        await using var fleet = await Fleet.StartAsync();
        fleet.Green.Health = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        var cutover = await fleet.Admin.CutoverAsync(wait: null);

        await fleet.RestartAfterKillAsync();

        await fleet.Admin.UntilNoReleaseAsync();
        var release = await fleet.Admin.ReleaseAsync(cutover.Release.Id);
        release.Status.Should().Be(ReleaseStatus.Failed);
        release.Detail.Should().Contain("nothing was switched");
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 1 });
    }

    [LinuxFact]
    public async Task FullDisk_Cutover_Answers503AndTrafficIsUntouchedUntilThereIsRoom()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var load = new LoadClient(fleet.Gateway.Url, clients: 4, new Version(1, 1));
        load.SwitchAcknowledged("blue");

        // The kernel's own full disk: every write to it fails with ENOSPC.
        File.CreateSymbolicLink(fleet.StateFile + ".tmp", "/dev/full");
        foreach (var answer in new[]
        {
            await fleet.Admin.CutoverAsync(),
            await fleet.Admin.CutoverAsync(new { force = true }),
            await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green", new { destinations = new { g2 = new { address = "http://127.0.0.1:9" } } }),
        })
        {
            answer.Status.Should().Be(503, answer.Body);
            answer.Code.Should().Be("state-unavailable");
            answer.Detail.Should().Contain("No space left on device").And.Contain("Nothing has changed");
        }

        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 1, Release = (Release?)null });
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases")).Json.GetArrayLength().Should().Be(0);

        File.Delete(fleet.StateFile + ".tmp");
        load.SwitchAsked();
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        load.SwitchAcknowledged("green");
        await load.StopAsync();
        load.Failures.Should().BeEmpty();
    }

    [LinuxFact]
    public async Task FullDisk_BetweenVerificationAndSwitch_NothingIsSwitchedAndTheReleaseEndsAsFailed()
    {
        await using var fleet = await Fleet.HostAsync();
        var verifying = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        fleet.Green.Health = async context =>
        {
            verifying.TrySetResult();
            await goOn.Task;
            await fleet.Green.WriteReportAsync(context, "healthy");
        };
        var call = fleet.Admin.CutoverAsync();
        await verifying.Task;
        await fleet.Admin.UntilAsync(status => status.Release is not null);
        File.CreateSymbolicLink(fleet.StateFile + ".tmp", "/dev/full");
        goOn.SetResult();

        var answer = await call;

        answer.Status.Should().Be(503, answer.Body);
        answer.Code.Should().Be("state-unavailable");
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 1 });
        File.Delete(fleet.StateFile + ".tmp");
        await fleet.Admin.UntilNoReleaseAsync();
        var release = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases")).Json.EnumerateArray().Single();
        release.GetProperty("status").GetString().Should().Be("failed");
        release.GetProperty("detail").GetString().Should().Contain("nothing was switched");
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
    }

    [LinuxFact]
    public async Task HangingDisk_Cutover_RequestsFlowMeanwhile()
    {
        await using var fleet = await Fleet.StartAsync();

        // A pipe that nobody reads: the gateway's write to it hangs for as long as the test likes.
        var pipe = fleet.StateFile + ".tmp";
        using (var mkfifo = Process.Start("mkfifo", pipe))
        {
            await mkfifo.WaitForExitAsync();
        }

        var cutover = fleet.Admin.CutoverAsync(new { force = true });
        await using var load = new LoadClient(fleet.Gateway.Url, clients: 4, new Version(1, 1));
        load.SwitchAcknowledged("blue");
        while (load.Checked < 500)
        {
            await Task.Delay(10);
        }

        cutover.IsCompleted.Should().BeFalse("the disk has not answered");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue, "reading does not wait for writing");
        await load.StopAsync();
        load.Failures.Should().BeEmpty();
        await fleet.Gateway.KillAsync();
        await ((Func<Task>)(() => cutover)).InvokeQuietlyAsync();
    }

    // What is made anew has no lock that anybody else would meet: two gateways could run on it, each acknowledging what the other does not know.
    [Fact]
    public async Task StateFolderGone_Cutover_IsRefusedAndNoFolderIsMade()
    {
        await using var fleet = await Fleet.HostAsync();
        var kept = fleet.StateFolder + ".kept";
        Directory.Move(fleet.StateFolder, kept);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        foreach (var _ in Enumerable.Range(0, 3))
        {
            var answer = await fleet.Admin.CutoverAsync();
            answer.Code.Should().Be("state-unavailable");
            answer.Detail.Should().Contain("was removed or replaced while the gateway runs");
            (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
            Directory.Exists(fleet.StateFolder).Should().BeFalse();
        }

        Directory.Move(kept, fleet.StateFolder);
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200, "it is the folder that this process has locked");
        (await client.GetStringAsync("/orders/x")).Should().Be("2.0.0");
    }

    [Theory]
    [InlineData("cutOff")]
    [InlineData("altered")]
    [InlineData("empty")]
    public async Task CorruptState_TheJournalsKnowOfMore_RefusesToStartUntilSomebodyAdopts(string damage)
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Admin.CutoverAsync(until: "completed");
        await fleet.Gateway.KillAsync();
        var bytes = await File.ReadAllBytesAsync(fleet.StateFile);
        switch (damage)
        {
            case "cutOff":
                await File.WriteAllBytesAsync(fleet.StateFile, bytes[..(bytes.Length / 2)]);
                break;
            case "altered":
                bytes[bytes.Length - 20] ^= 1;
                await File.WriteAllBytesAsync(fleet.StateFile, bytes);
                break;
            default:
                await File.WriteAllBytesAsync(fleet.StateFile, []);
                break;
        }

        await fleet.Gateway.DisposeAsync();
        var (exitCode, output) = await GatewayProcess.RunToEndAsync(fleet.Folder, "--config", fleet.ConfigFile, "--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0");
        exitCode.Should().Be(1);
        output.Should().Contain("is damaged").And.Contain("would be undone").And.Contain("bluegreen state adopt").And.NotContain("Going on with revision");

        new OfflineFolder(fleet.StateFolder, TimeProvider.System, NullLogger.Instance).Adopt("somebody");
        await fleet.HostGatewayAsync();

        // The previous commit is the one before the release's end: switched already.
        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Green, Generation = 2 });
    }

    [Fact]
    public async Task CorruptState_BothFiles_RefusesToStartInsteadOfChoosingASlot()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Admin.CutoverAsync(until: "completed");
        await fleet.Gateway.KillAsync();
        await File.WriteAllTextAsync(fleet.StateFile, "{}");
        await File.WriteAllTextAsync(Path.Combine(fleet.StateFolder, "state.previous.json"), "{}");

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(fleet.Folder, "--config", fleet.ConfigFile, "--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0");

        exitCode.Should().Be(1);
        output.Should().Contain("The stored state can't be used").And.Contain("Restore one of them from a backup");
        output.Should().NotContain("Now listening");
        (await File.ReadAllTextAsync(fleet.StateFile)).Should().Be("{}", "nothing is thrown away");
    }

    [Fact]
    public async Task StateFolder_UsedByAnotherGateway_RefusesToStart()
    {
        await using var fleet = await Fleet.HostAsync();

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(fleet.Folder, "--config", fleet.ConfigFile, "--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0");

        exitCode.Should().Be(1);
        output.Should().Contain("Another gateway uses the state folder");
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
    }

    [Fact]
    public async Task StateFile_Written_IsThreeLinesOfJson()
    {
        await using var fleet = await Fleet.HostAsync();
        await fleet.Admin.CutoverAsync(until: "completed");

        var lines = await File.ReadAllLinesAsync(fleet.StateFile);

        lines.Should().HaveCount(3);
        JsonDocument.Parse(lines[0]).RootElement.GetProperty("format").GetInt32().Should().Be(2);
        JsonDocument.Parse(lines[1]).RootElement.GetProperty("services").GetProperty("orders").GetProperty("active").GetString().Should().Be("green");
        JsonDocument.Parse(lines[2]).RootElement.GetProperty("pending").ValueKind.Should().Be(JsonValueKind.Array);
    }
}

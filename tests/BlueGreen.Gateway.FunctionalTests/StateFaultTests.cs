using System.Diagnostics;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Disks that lie, fill up or are taken away: nothing is acknowledged that is not stored, and nothing is stored without the lock.</summary>
public sealed class StateFaultTests
{
    private const int Cutovers = 20;

    // The kernel reports a failed write-back once, to whoever flushes next: taken for success, an acknowledged switch is lost with the power.
    [StraceFact]
    public async Task FailingFlush_Cutovers_AreNotAcknowledgedAndChangeNothing()
    {
        await using var fleet = await Fleet.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var before = await File.ReadAllBytesAsync(fleet.StateFile);
        await using (var strace = await Strace.AttachAsync(fleet.Gateway.Id, "fsync", "error=EIO"))
        {
            for (var count = 0; count < Cutovers; count++)
            {
                var answer = await fleet.Admin.CutoverAsync(new { force = true });
                answer.Status.Should().Be(503, answer.Body);
                answer.Code.Should().Be("state-unavailable");
                answer.Detail.Should().Contain("Can't flush");
                (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
            }

            (await File.ReadAllBytesAsync(fleet.StateFile)).Should().Equal(before);
            await strace.DetachAsync();
        }

        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Active = SlotName.Blue, Generation = 1, Release = (Release?)null });
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200, "the disk is well again");
        await fleet.RestartAfterKillAsync();
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    // A refusal is written down beside the state, and flushed in the background. Nobody knows what is in a file whose flush has failed.
    [StraceFact]
    public async Task FailingFlush_OfAJournal_GoesOnInAnotherFileWithoutGapOrHole()
    {
        await using var fleet = await Fleet.StartAsync();
        await using (var strace = await Strace.AttachAsync(fleet.Gateway.Id, "fsync", "error=EIO"))
        {
            (await fleet.Admin.CutoverAsync(wait: null, headers: ("If-Match", "\"999\""))).Status.Should().Be(412);
            await fleet.Gateway.UntilOutputAsync($"The journals in {fleet.StateFolder} can't be written");
            (await fleet.Admin.CutoverAsync(wait: null, headers: ("If-Match", "\"999\""))).Status.Should().Be(412);
            await strace.DetachAsync();
        }

        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200, "the disk is well again");
        await fleet.RestartAfterKillAsync();

        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        await fleet.Gateway.StopAsync();
        new StoredFolder(fleet.StateFolder).ShouldBeWhole(mayRepeat: true);
        fleet.Gateway.Output.Should().NotContain("[FTL]");
    }

    // Refused calls are written down beside the state. On a disk that is full in the middle of a line, a part of the line gets through.
    [SmallDiskFact]
    public async Task FullDisk_LinesAreTorn_AuditStaysWholeAndNobodyIsAlarmedWithAndWithoutAKill()
    {
        using var disk = new SmallDisk(kilobytes: 512);
        await using var fleet = await Fleet.StartAsync(configuration => configuration["BlueGreen"]!["State"] = new System.Text.Json.Nodes.JsonObject { ["Directory"] = disk.Path });
        foreach (var (target, isKilled) in new[] { (SlotName.Green, true), (SlotName.Blue, false) })
        {
            (await RefusedAsync()).Status.Should().Be(412, "and so there is an audit");
            disk.Fill();
            var size = new FileInfo(Path.Combine(disk.Path, "audit.jsonl")).Length;
            for (var refused = 0; refused < 40; refused++)
            {
                (await RefusedAsync()).Status.Should().Be(412);
            }

            new FileInfo(Path.Combine(disk.Path, "audit.jsonl")).Length.Should().BeLessThan(size + 8192, "the test is about lines that find no room");
            (await fleet.Admin.CutoverAsync(new { to = target.ToText(), force = true })).Code.Should().Be("state-unavailable");
            await fleet.Gateway.UntilOutputAsync("could not be written to the audit");
            if (isKilled)
            {
                await fleet.Gateway.KillAsync();
                disk.MakeRoom();
                await fleet.Gateway.DisposeAsync();
                await fleet.StartGatewayAsync();
            }

            disk.MakeRoom();
            (await fleet.Admin.CutoverAsync(new { to = target.ToText(), force = true }, until: "completed")).Status.Should().Be(200);
            await fleet.RestartAfterKillAsync(isProcess: true);

            (await fleet.Admin.StatusAsync()).Active.Should().Be(target);
            fleet.Gateway.Output.Should().NotContain("has been changed").And.NotContain("[FTL]");
            new StoredFolder(disk.Path).ShouldBeWhole();
        }

        Task<AdminAnswer> RefusedAsync() => fleet.Admin.CutoverAsync(wait: null, headers: ("If-Match", "\"999\""));
    }

    // Whoever can't open the lock does not know whether somebody else holds it.
    [LinuxFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task SecondGateway_LockCantBeOpened_RefusesToStart()
    {
        await using var fleet = await Fleet.StartAsync();
        File.SetUnixFileMode(Path.Combine(fleet.StateFolder, "state.lock"), UnixFileMode.None);

        var (exitCode, output) = await RunWithoutPrivilegeAsync(fleet);

        exitCode.Should().Be(1, output);
        output.Should().Contain("nobody knows whether another gateway uses the folder").And.NotContain("Now listening");
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200, "the one that has the lock goes on");
    }

    // root opens every file, unless it gives that up.
    private static async Task<(int ExitCode, string Output)> RunWithoutPrivilegeAsync(Fleet fleet)
    {
        string[] gateway =
        [
            "dotnet", Path.Combine(AppContext.BaseDirectory, "BlueGreen.Gateway.dll"), "--config", fleet.ConfigFile, "--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0",
        ];
        string[] command = Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", .. gateway] : gateway;
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = fleet.Folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = new ProcessOutput(process);
        await output.UntilEndedAsync();
        return (process.ExitCode, output.Out + output.Error);
    }
}

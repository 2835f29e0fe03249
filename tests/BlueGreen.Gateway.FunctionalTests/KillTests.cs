using System.Diagnostics;
using System.Globalization;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Xunit.Abstractions;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>
/// Invariant 5: what was acknowledged survives kill -9, what was not is there as a whole or not at all, and a restart comes back on
/// one side with all services of a release. See docs/decisions/0007-crash-at-every-step.md for how to make it some thousand kills.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const string CountVariable = "BLUEGREEN_KILLS";

    // A file that gets a line now and then, for a run of hours.
    private const string ReportVariable = "BLUEGREEN_KILLS_REPORT";
    private const int KillsPerLine = 50;
    private const int DefaultKills = 12;
    private const int DefaultKillsInACommit = 8;

    // What a commit asks the kernel for; those that an architecture lacks are left out.
    private const string CallsOfACommit = "?rename,?renameat,?renameat2,?link,?linkat,?unlink,?unlinkat,fsync,ftruncate,pwrite64";

    [Fact]
    public async Task Kill_AtRandomMomentsAroundReleasesAndDeployments_ComesBackAsAcknowledged()
    {
        var kills = Count(DefaultKills);
        var random = new Random(Seed: 20_26);
        await using var world = await KillWorld.StartAsync(seed: 20_26);
        var since = Stopwatch.StartNew();

        // The kills aim at the whole of what is asked for and half as much after it, however fast the machine is.
        var took = TimeSpan.FromMilliseconds(500);
        while (world.Kills < kills)
        {
            await world.RoundAsync(async answered =>
            {
                var asked = Stopwatch.GetTimestamp();
                await SpinUntilAsync(asked, took * 1.5 * random.NextDouble());
                took = answered.IsCompleted ? (took + Stopwatch.GetElapsedTime(asked)) / 2 : took * 1.05;
            });
            Report(world, since.Elapsed, isLast: false);
        }

        Report(world, since.Elapsed, isLast: true);
        await world.CheckHooksAsync();
        world.Acknowledged.Should().BeInRange(1, world.Operations - 1, "else the kills did not fall on both sides of the acknowledgement");
    }

    [StraceFact]
    public async Task Kill_AtACallThatACommitMakes_ComesBackAsAcknowledged()
    {
        var kills = Count(DefaultKillsInACommit);
        var random = new Random(Seed: 7);
        await using var world = await KillWorld.StartAsync(seed: 7);
        var since = Stopwatch.StartNew();
        while (world.Kills < kills)
        {
            await using var strace = await Strace.AttachAsync(world.ProcessId, CallsOfACommit, $"signal=SIGKILL:when={random.Next(1, 16)}");
            await world.RoundAsync(answered => answered);
            Report(world, since.Elapsed, isLast: false);
        }

        Report(world, since.Elapsed, isLast: true);
        await world.CheckHooksAsync();
    }

    private static int Count(int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(CountVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : otherwise;

    private void Report(KillWorld world, TimeSpan elapsed, bool isLast)
    {
        if (!isLast && world.Kills % KillsPerLine != 0)
        {
            return;
        }

        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{world.Kills} kills in {elapsed.TotalSeconds:0} s around {world.Operations} operations: {world.Acknowledged} acknowledged, {world.Refused} refused, {world.ThereUnannounced} services changed without an answer; no deviation");
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable(ReportVariable) is { Length: > 0 } file)
        {
            File.AppendAllText(file, line + Environment.NewLine);
        }
    }

    // Finer than a timer would be.
    private static Task SpinUntilAsync(long start, TimeSpan after) => Task.Run(() =>
    {
        while (Stopwatch.GetElapsedTime(start) < after)
        {
            Thread.SpinWait(20);
        }
    });
}

internal static class TaskExpectations
{
    /// <summary>Awaits a call whose server was killed: it may have been answered or not.</summary>
    public static async Task InvokeQuietlyAsync(this Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            // Killed before it could answer.
        }
    }
}

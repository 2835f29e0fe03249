using System.Diagnostics;
using BlueGreen.Contracts;
using BlueGreen.Gateway.Benchmarks.Processes;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.Gateway.Benchmarks.Starting;

/// <summary>How long a start reads its state folder, after few switches and after many.</summary>
internal static class StartCommand
{
    public const string FolderOption = "--state";
    public const string MostOption = "--most";
    private const int Repeats = 7;

    public static readonly string[] Options = [MostOption, FolderOption];

    public static int Run(CommandOptions options)
    {
        var most = options.Number(MostOption, 100_000, most: 10_000_000);
        Console.WriteLine("| switches before | files | MB in the folder | state.json, bytes | read by a start, ms |");
        Console.WriteLine("|---:|---:|---:|---:|---:|");
        for (var switches = 10; switches <= most; switches *= 10)
        {
            using var folder = new WorkFolder(options.Text(FolderOption) ?? AppContext.BaseDirectory);
            var gateway = new BlueGreenOptions { State = new StateOptions { Directory = folder.Path } };
            Fill(gateway, switches);
            var files = new DirectoryInfo(folder.Path).GetFiles();
            var took = Enumerable.Range(0, Repeats).Select(_ => Load(gateway)).Order().ToArray()[Repeats / 2];
            Console.WriteLine(
                $"| {switches:N0} | {files.Length} | {files.Sum(file => file.Length) / 1e6:0.0} | {new FileInfo(folder.File("state.json")).Length:N0} | {took.TotalMilliseconds:0.0} |");
        }

        return 0;
    }

    private static TimeSpan Load(BlueGreenOptions gateway)
    {
        using var store = new FileStateStore(gateway, NullLogger<FileStateStore>.Instance);
        var since = Stopwatch.GetTimestamp();
        _ = store.Load() ?? throw new InvalidOperationException("Nothing was stored.");
        return Stopwatch.GetElapsedTime(since);
    }

    // A switch a minute, each with what a real one leaves: three events, two audit entries, an ended release and an idempotency key.
    private static void Fill(BlueGreenOptions gateway, int switches)
    {
        var time = new SteppedTime();
        using var store = new FileStateStore(gateway, NullLogger<FileStateStore>.Instance, time, new UnflushedDisk());
        var committed = store.Load() ?? new Committed(new GatewayState(), new RecentRecords());
        for (var number = 1; number <= switches; number++)
        {
            var change = Switched(committed, number, time.GetUtcNow());
            change = change with { State = change.State with { Revision = committed.State.Revision + 1, History = "benchmark" } };
            committed = store.CompareAndSet(committed.State.Revision, change) ?? throw new InvalidOperationException("The store has moved.");
            time.Step();
            if (number % 10 == 0)
            {
                store.Maintain();
            }
        }

        store.Maintain();
        store.Release();
    }

    private static StateChange Switched(Committed committed, int number, DateTimeOffset now)
    {
        var to = number % 2 == 0 ? SlotName.Blue : SlotName.Green;
        var release = new ReleaseState
        {
            Id = $"r{number}-abcdef",
            Kind = ReleaseKind.Cutover,
            Services = [new("orders", to.Other(), to, number + 1)],
            Status = ReleaseStatus.Succeeded,
            Actor = "pipeline",
            Reason = "2.0.1",
            CreatedAt = now,
            SwitchedAt = now,
            CompletedAt = now,
            DrainSeconds = 30,
            BakeSeconds = 900,
            Gates = [new("health", "orders", GateStatus.Passed, "3 of 3 probes of 2 destinations passed"), new("schema", "orders", GateStatus.Passed, "42 is what both read")],
        };
        var change = (committed.Change() with { Ended = [release], Keys = [new("pipeline", $"key-{number}", "0123456789abcdef", now, release.Id)] })
            .WithService("orders", new ServiceState(to, number + 1, to.Other(), RolledBack: false, Blue: null, Green: null))
            .WithEvent(release, now, "created", null)
            .WithEvent(release, now, "switched", "blue to green in 12 ms")
            .WithEvent(release, now, "succeeded", "0 of 52,310 responses failed");
        change = change with { State = change.State with { LastRelease = number } };
        return change
            .WithAudit(new AuditRecord(0, now, "pipeline", null, "cutover", "started", ["orders"], release.Id, false, "2.0.1", null))
            .WithAudit(new AuditRecord(0, now, "gateway", null, "cutover", "succeeded", ["orders"], release.Id, false, null, null));
    }

    // Durability is not what is measured here.
    private sealed class UnflushedDisk : Disk
    {
        public override void Flush(Microsoft.Win32.SafeHandles.SafeFileHandle file, string path)
        {
        }

        public override void FlushFolder(string folder)
        {
        }
    }

    private sealed class SteppedTime : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UtcNow.AddYears(-2);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Step() => _now += TimeSpan.FromMinutes(1);
    }
}

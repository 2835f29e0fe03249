using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>
/// Random histories of groups, failing disks and kills, between commits and inside them, over the real store on a real folder:
/// traffic is always where the last committed state says, what was acknowledged is there after every kill, what was not is there
/// as a whole or not at all, and the audit's chain never raises a false alarm.
/// </summary>
public sealed class CrashModelTests
{
    // How many calls a commit makes of the disk, and some more.
    private const int MostCalls = 12;

    private static readonly Gen<Act> AnyAct =
        from step in ReleaseModelTests.AnyStep
        from fault in Gen.Frequency((5, Gen.Constant<DiskFault?>(null)), (2, Gen.Elements(Enum.GetValues<DiskFault>().Cast<DiskFault?>().ToArray())))
        from call in Gen.Choose(0, MostCalls)
        from maintains in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
        from isKilled in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Act(step, fault, call, maintains, isKilled);

    [Fact]
    public void AnyActsWithKillsAndFailingDisks_KeepHistoryTrafficAndAcknowledgementsTrue()
    {
        var (kills, refusals, switches) = (0, 0, 0);
        AnyAct.HoldsForSequences(
            acts =>
            {
                using var folder = new TempFolder();
                using var world = new CrashWorld(folder);
                foreach (var act in acts)
                {
                    world.Do(act);
                }

                kills += world.Kills;
                refusals += world.Refusals;
                switches += world.Switches;
            },
            tests: 60,
            length: 50);

        new[] { kills, refusals, switches }.Should().NotContain(0, "a model that never gets somewhere says nothing about it");
    }
}

/// <param name="Step">What somebody does.</param>
/// <param name="Fault">What goes wrong with the disk meanwhile.</param>
/// <param name="Call">At which call of it.</param>
/// <param name="Maintains">Whether the journals are flushed and closed afterwards.</param>
/// <param name="IsKilled">Whether the process is killed afterwards.</param>
internal sealed record Act(Step Step, DiskFault? Fault, int Call, bool Maintains, bool IsKilled);

/// <summary>A gateway's state over a folder, with a disk that fails and a process that is killed.</summary>
internal sealed class CrashWorld : IDisposable
{
    private readonly TempFolder _folder;
    private readonly FaultyDisk _disk = new();
    private readonly CollectedLog<FileStateStore> _log = new();
    private OpenState _open;
    private Committed _acknowledged;

    public CrashWorld(TempFolder folder)
    {
        _folder = folder;
        _open = Open();
        _acknowledged = _open.State.Snapshot;
    }

    public int Kills { get; private set; }

    public int Refusals { get; private set; }

    public int Switches { get; private set; }

    public void Do(Act act)
    {
        var model = new ReleaseModel(_open.State.Snapshot);
        if (model.Apply(act.Step) is { } change)
        {
            if (act.Fault is { } fault)
            {
                _disk.FailAt(act.Call, fault);
            }

            Commit(change);
        }

        _disk.Repair();
        if (act.Maintains)
        {
            _open.Store.Maintain();
        }

        if (act.IsKilled)
        {
            Restart();
        }

        Check();
    }

    public void Dispose() => _open.Dispose();

    private void Commit(StateChange change)
    {
        var before = _open.State.Snapshot;
        try
        {
            _open.State.CommitAsync(_ => new Decision<bool>(change, true)).GetAwaiter().GetResult();
        }
        catch (StateUnavailableException)
        {
            Refusals++;
            _open.State.Snapshot.Should().BeSameAs(before, "what could not be stored has not happened");
            return;
        }
        catch (KilledException)
        {
            // Nobody was told: it has happened as a whole, or not at all.
            _disk.Repair();
            Restart(orElse: change.State);
            return;
        }

        Acknowledge(_open.State.Snapshot);
    }

    private void Acknowledge(Committed now)
    {
        Switches += ReleaseModel.Services.Count(name => now.State.Services[name].Active != _acknowledged.State.Services[name].Active);
        _acknowledged = now;
    }

    private void Restart(GatewayState? orElse = null)
    {
        Kills++;
        _open.Dispose();
        _open = Open();
        var now = _open.State.Snapshot;
        if (orElse is not null && now.State.LastEvent == orElse.LastEvent && now.State.LastAudit == orElse.LastAudit && now.State.Revision > _acknowledged.State.Revision)
        {
            now.State.Should().BeEquivalentTo(orElse, options => options.Excluding(state => state.Revision).Excluding(state => state.History));
        }
        else
        {
            now.State.Should().BeEquivalentTo(_acknowledged.State, "what was acknowledged is there, and nothing else");
        }

        Acknowledge(now);
    }

    private OpenState Open() => new(_folder.Path, ReleaseModel.Services, _disk, _log, configure: options => options with
    {
        State = options.State with { JournalBytes = 8 * 1024 },
    });

    private void Check()
    {
        var current = _open.State.Snapshot;
        var stored = StateDocument.Read(File.ReadAllBytes(_folder["state.json"]));
        foreach (var service in _open.Services.All)
        {
            var now = current.State.Services[service.Name];
            stored.State.Services[service.Name].Active.Should().Be(now.Active);
            var row = _open.Tables.Current.RouteOf(service);
            row.Active.Should().Be(now.Active, "traffic is where the last committed state says");
            (row.Split?.Keying.Release, row.Split?.Weight ?? 0).Should().Be(ServiceRoutes.ShareOf(current.State, service.Name), "and so is the part of it that is shifted");
            (row.Hold is not null).Should().Be(
                now.Hold is not null || current.State.Running.Exists(release => release.Status == ReleaseStatus.Holding && release.Holds(service.Name)), "it waits while the last committed state says so");
        }

        current.NewestFirst().Select(release => ReleaseId.NumberOf(release.Id)).Should().Equal(
            Enumerable.Range(0, (int)current.State.LastRelease).Select(offset => current.State.LastRelease - offset), "no release gets lost or is there twice");
        current.Records.Audit.Select(entry => entry.Sequence).Should().Equal(
            Enumerable.Range(1, (int)current.State.LastAudit).Select(number => (long)number), "the audit has no gap");
        current.Records.Events.Select(entry => entry.Sequence).Should().Equal(
            Enumerable.Range(1, (int)current.State.LastEvent).Select(number => (long)number), "nor have the events");
        _log.Lines.Where(line => line.Level == LogLevel.Critical).Select(line => line.Text).Where(text => !text.Contains("can't be written", StringComparison.Ordinal)).Should().BeEmpty("there is no false alarm");
    }
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>
/// Random sequences of calls, failing disks and crashes over the real state on a real folder: traffic is always where the last
/// committed state says, what was acknowledged is there after every crash, and what was not acknowledged has not happened.
/// </summary>
public sealed class CrashModelTests
{
    private static readonly string[] Services = ["orders", "users"];

    // Weighted towards what leads on, so that every run gets to switches and not only to refusals.
    private static readonly Gen<Act> AnyAct =
        from what in Gen.Frequency(
            (6, Gen.Elements<StepKind?>(StepKind.Cutover, StepKind.Pass)),
            (6, Gen.Elements(Enum.GetValues<StepKind>().Cast<StepKind?>().ToArray())),
            (2, Gen.Constant<StepKind?>(null)))
        from service in Gen.Elements(Services)
        from flag in Gen.Elements(false, true)
        from diskFull in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Act(what is { } step ? new Step(step, service, flag) : null, diskFull && OperatingSystem.IsLinux());

    [Fact]
    public void AnyActsWithCrashesAndFullDisks_KeepHistoryTrafficAndAcknowledgementsTrue()
    {
        var crashes = 0;
        var refusals = 0;
        var switches = 0;
        AnyAct.HoldsForSequences(
            acts =>
            {
                using var folder = new TempFolder();
                using var world = new World(folder);
                foreach (var act in acts)
                {
                    world.Do(act);
                }

                crashes += world.Crashes;
                refusals += world.Refusals;
                switches += world.Switches;
            },
            tests: 60,
            length: 60);

        new[] { crashes, refusals, switches }.Should().NotContain(0, "a model that never gets somewhere says nothing about it");
    }

    /// <param name="Step">What somebody does; null for a crash.</param>
    /// <param name="DiskFull">Whether the disk is full just then.</param>
    private sealed record Act(Step? Step, bool DiskFull);

    private sealed class World(TempFolder folder) : IDisposable
    {
        private OpenState _open = new(folder.Path, CrashModelTests.Services);
        private GatewayState _acknowledged = States.Of(CrashModelTests.Services);

        public int Crashes { get; private set; }

        public int Refusals { get; private set; }

        public int Switches { get; private set; }

        public void Do(Act act)
        {
            if (act.Step is null)
            {
                // The process is gone in the middle of whatever; the files are as they are.
                Crashes++;
                _open.Dispose();
                _open = new OpenState(folder.Path, CrashModelTests.Services);
            }
            else if (act.DiskFull)
            {
                folder.MakeFull("state.json.tmp");
                Commit(act.Step);
                File.Delete(folder["state.json.tmp"]);
            }
            else
            {
                Commit(act.Step);
            }

            Check();
        }

        public void Dispose() => _open.Dispose();

        private void Commit(Step step)
        {
            var model = new ReleaseModel(_open.State.Current, [.. _open.State.NewestFirst()]);
            var before = _open.State.Current;
            try
            {
                _open.CommitAsync(_ => model.Apply(step) ?? before).GetAwaiter().GetResult();
            }
            catch (StateUnavailableException)
            {
                Refusals++;
                _open.State.Current.Should().BeSameAs(before, "what could not be stored has not happened");
                return;
            }

            var now = _open.State.Current;
            Switches += CrashModelTests.Services.Count(name => now.Services[name].Active != _acknowledged.Services[name].Active);
            _acknowledged = now;
        }

        private void Check()
        {
            var current = _open.State.Current;
            var stored = StateDocument.Read(File.ReadAllBytes(folder["state.json"]));
            foreach (var service in _open.Services.All)
            {
                var (acknowledged, now) = (_acknowledged.Services[service.Name], current.Services[service.Name]);
                now.Should().BeEquivalentTo(acknowledged);
                stored.Services[service.Name].Active.Should().Be(now.Active);
                _open.Tables.Current.ActiveOf(service).Should().Be(now.Active, "traffic is where the last committed state says");
            }

            current.Running.Select(release => (release.Id, release.Status)).Should().Equal(_acknowledged.Running.Select(release => (release.Id, release.Status)));
            var releases = _open.State.NewestFirst().ToList();
            releases.Select(release => ReleaseId.NumberOf(release.Id)).Should().Equal(
                Enumerable.Range(0, (int)current.LastRelease).Select(offset => current.LastRelease - offset), "no release gets lost or is there twice");
            foreach (var release in releases)
            {
                (release.SwitchedAt is not null).Should().Be(release.Events.Exists(entry => entry.Type == "switched"));
                if (release.Status is ReleaseStatus.Succeeded or ReleaseStatus.RolledBack)
                {
                    release.SwitchedAt.Should().NotBeNull("no outcome is told that did not happen");
                }
                else if (release.Status.IsEnded())
                {
                    release.SwitchedAt.Should().BeNull("no outcome is told that did not happen");
                }
            }

            var sequences = releases.SelectMany(release => release.Events).Select(entry => entry.Sequence).ToList();
            sequences.Should().OnlyHaveUniqueItems().And.NotContain(0);
            _open.Audit.Newest.Select(entry => entry.Sequence).Should().BeInAscendingOrder();
        }
    }
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>The rollback of a failed bake against everything else that can be done to a release in the same moment.</summary>
public sealed class BakeRollbackTests : IDisposable
{
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(900);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Release_WhileItBakes_HoldsTheFrozenPast()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        Serve(running, SlotName.Blue, 200, 99);
        Serve(running, SlotName.Blue, 500, 1);

        var id = await running.CutoverAsync();
        var release = await running.UntilAsync(id, ReleaseStatus.Baking);
        Serve(running, SlotName.Blue, 500, 50);

        var baseline = release.Bake!.Baselines.Should().ContainSingle().Subject;
        (baseline.Service, baseline.Responses, baseline.Bad["5xx"]).Should().Be(("orders", 100L, 1L));
        release.Bake.Outcome.Should().Be("watching");
    }

    [Fact]
    public async Task Rollback_OfABakeThatHasFailed_IsWrittenDownWithItsReason()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        var id = await running.CutoverAsync();
        await running.UntilAsync(id, ReleaseStatus.Baking);

        // Forced, for this state has nothing to probe: the rollback's gate is that of any other.
        var rollback = await running.PlaceAsync(Ordering.Rollback("orders") with { TakesBack = id, Reason = "12 of 240", Caller = Caller.Bake });
        await running.UntilAsync(rollback, ReleaseStatus.Succeeded);

        var release = running.State.Find(id)!;
        release.Status.Should().Be(ReleaseStatus.RolledBack);
        release.Detail.Should().Be($"rolled back by release {rollback} of bake: 12 of 240");
        release.Bake!.Outcome.Should().Be("rolledBack");
        running.Active.Should().Be(SlotName.Blue);
    }

    // Whoever comes first under the one writer is right, and the other finds it done: nothing is switched back that somebody has
    // just finished, and there is never a second rollback.
    [Fact]
    public async Task Rollback_AgainstAnOperatorInTheSameMoment_IsDecidedOnce()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        var first = 0;
        var second = 0;
        for (var round = 0; round < 40; round++)
        {
            var id = await running.CutoverAsync();
            await running.UntilAsync(id, ReleaseStatus.Baking);
            var barrier = new Barrier(2);
            async Task<T> TogetherAsync<T>(Func<Task<T>> act)
            {
                await Task.Yield();
                barrier.SignalAndWait(TestTime.Limit);
                return await act();
            }

            var mine = TogetherAsync(() => running.Engine.RollBackBakeAsync(id, "bad"));
            var theirs = TogetherAsync(async () => round % 2 == 0
                ? (await running.Engine.FinishAsync(id, Ordering.Ci)).Release
                : (await running.Engine.PlaceAsync(Ordering.Rollback("orders") with { Force = true })).Started);
            await Task.WhenAll(mine, theirs);
            barrier.Dispose();

            var outcome = await mine;

            // The bake's own is not forced, and there is no health to verify here: it may have failed before the operator's came, and has then decided nothing.
            var known = running.State.NewestFirst().Where(release =>
                release.Kind == ReleaseKind.Rollback && release.Status != ReleaseStatus.Failed && ReleaseId.NumberOf(release.Id) > ReleaseId.NumberOf(id)).ToList();
            known.Count.Should().BeLessThanOrEqualTo(1);
            if (outcome is null)
            {
                second++;
                running.State.Find(id)!.Status.IsEnded().Should().BeTrue();
            }
            else if (outcome.Started is { } started)
            {
                first++;
                await running.State.WaitUntilAsync(_ => running.State.Find(started.Id)!.Status.IsEnded(), CancellationToken.None).WaitAsync(TestTime.Limit);
            }

            await running.State.WaitUntilAsync(state => state.Running.IsEmpty || state.Running.TrueForAll(release => release.Status == ReleaseStatus.Baking), CancellationToken.None).WaitAsync(TestTime.Limit);
            await running.Engine.FinishAsync(id, Ordering.Ci);
            await running.State.WaitUntilAsync(state => state.Running.IsEmpty, CancellationToken.None).WaitAsync(TestTime.Limit);
            if (running.Active == SlotName.Green)
            {
                await running.UntilAsync(await running.PlaceAsync(Ordering.Cutover("orders") with { BakeSeconds = 0 }), ReleaseStatus.Succeeded);
            }
        }

        (first + second).Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task Rollback_OfAReleaseThatHasEnded_DoesNothing()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        var id = await running.CutoverAsync();
        await running.UntilAsync(id, ReleaseStatus.Baking);
        await running.Engine.FinishAsync(id, Ordering.Ci);
        var revision = running.State.Current.Revision;

        (await running.Engine.RollBackBakeAsync(id, "bad")).Should().BeNull();

        running.State.Current.Revision.Should().Be(revision);
        running.Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Rollback_OfABake_IsOrderedWithItsReason()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        var id = await running.CutoverAsync();
        await running.UntilAsync(id, ReleaseStatus.Baking);

        var outcome = await running.Engine.RollBackBakeAsync(id, "12 of 240");

        var order = outcome!.Started!;
        (order.Kind, order.Actor, order.Reason).Should().Be((ReleaseKind.Rollback, "bake", "12 of 240"));
        running.State.Snapshot.EventsOf(id).Should().Contain(entry => entry.Type == "bakeFailed" && entry.Detail == "12 of 240");
    }

    // A rollback that is still being verified when the time is over: the release must not succeed under its hands.
    [Fact]
    public async Task Bake_OverWhileARollbackIsVerified_WaitsForIt()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        var id = await running.CutoverAsync();
        await running.UntilAsync(id, ReleaseStatus.Baking);
        await running.Time.UntilWaitedForAsync(Bake);
        var rollback = States.Release("r900-000000", ReleaseStatus.AwaitingApproval) with
        {
            Kind = ReleaseKind.Rollback,
            Services = [new("orders", SlotName.Green, SlotName.Blue, 2)],
        };
        await running.State.CommitAsync(committed => new Decision<bool>(new StateChange(committed.State with { Running = committed.State.Running.Add(rollback) }), true));

        running.Time.Advance(Bake);
        await running.Time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));
        running.StatusOf(id).Should().Be(ReleaseStatus.Baking);
        (await running.Engine.FinishAsync(id, Ordering.Ci)).Refused!.Code.Should().Be(ProblemCodes.WrongStatus);
        (await running.Engine.RollBackBakeAsync(id, "bad"))!.Existing!.Id.Should().Be(rollback.Id, "it is the one that is asked for");

        await running.State.CommitAsync(committed => new Decision<bool>(new StateChange(committed.State with { Running = committed.State.Running.RemoveAll(release => release.Id == rollback.Id) }), true));
        running.Time.Advance(TimeSpan.FromSeconds(1));
        await running.UntilAsync(id, ReleaseStatus.Succeeded);
    }

    // What has just crossed is not a success, however close the end is.
    [Fact]
    public async Task Bake_OverAndFailed_DoesNotSucceed()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        Serve(running, SlotName.Blue, 200, 5000);
        var id = await running.CutoverAsync();
        await running.UntilAsync(id, ReleaseStatus.Baking);
        await running.Time.UntilWaitedForAsync(Bake);
        Serve(running, SlotName.Green, 500, 20);

        running.Time.Advance(Bake);
        await running.Time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));

        running.StatusOf(id).Should().Be(ReleaseStatus.Baking);
    }

    // Enough evidence, from a client that may be the cause itself: a person has to look.
    [Fact]
    public async Task Bake_OverAndGuarded_DoesNotSucceed()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        Serve(running, SlotName.Blue, 200, 5000);
        var id = await running.CutoverAsync();
        await running.UntilAsync(id, ReleaseStatus.Baking);
        await running.Time.UntilWaitedForAsync(Bake);
        Serve(running, SlotName.Green, 200, 1000);
        Serve(running, SlotName.Green, 500, 500, oneClient: true);

        running.Time.Advance(Bake);
        await running.Time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));

        running.StatusOf(id).Should().Be(ReleaseStatus.Baking);
    }

    [Fact]
    public async Task Bake_Held_DoesNotEndByItself()
    {
        await using var running = new Running(_folder.Path, new ManualTime());
        Serve(running, SlotName.Green, 200, 5000);
        var id = await running.CutoverAsync();
        await running.UntilAsync(id, ReleaseStatus.Baking);
        await running.Time.UntilWaitedForAsync(Bake);
        await running.State.CommitAsync(committed => new Decision<bool>(
            BakeTransitions.Held(committed.Change(), ReleaseTransitions.Running(committed.State, id)!, BakeHolds.Failed, "why", [], States.Now), true));

        running.Time.Advance(Bake);
        await running.Time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));
        running.Time.Advance(TimeSpan.FromSeconds(1));
        await running.Time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));

        running.StatusOf(id).Should().Be(ReleaseStatus.Baking);
        running.State.Snapshot.EventsOf(id).Should().Contain(entry => entry.Type == "bakeHeld" && entry.Detail == "failed: why");
    }

    // After a restart the counters are new, the past is the stored one.
    [Fact]
    public async Task Bake_AfterARestart_IsHeldAgainstTheStoredPast()
    {
        string id;
        await using (var running = new Running(_folder.Path, new ManualTime()))
        {
            Serve(running, SlotName.Blue, 200, 5000);
            id = await running.CutoverAsync();
            await running.UntilAsync(id, ReleaseStatus.Baking);
        }

        await using var again = new Running(_folder.Path, new ManualTime());
        await again.StartAsync();
        await again.Time.UntilWaitedForAsync(Bake);
        Serve(again, SlotName.Green, 200, 1000);
        again.Time.Advance(Bake);

        var release = await again.UntilAsync(id, ReleaseStatus.Succeeded);
        release.Bake!.Services.Single().Metrics[0].BaselineN.Should().Be(5000);
        release.Bake.Confidence.Should().Be("high");
        (release.Bake.ClientSeed, release.Bake.Services[0].ByClient, release.Bake.Services[0].Metrics[0].BadByClient).Should().Be((null, null, null), "only a running bake needs them");
        release.Detail.Should().MatchRegex("the bake is over: 0 of 1000 responses failed; enough data to rule out that more than .* of responses are worse");
    }

    private static void Serve(Running running, SlotName slot, int status, int count, bool oneClient = false)
    {
        for (var client = 0; client < count; client++)
        {
            running.Orders[slot].Meter.Add(new ResponseOutcome(status, Fault.None, 5000, Begun: true, Upgraded: false, oneClient ? 0 : client));
        }
    }
}

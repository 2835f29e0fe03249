using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class CommittedStateTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Commit_ThatMovesAService_StoresThenPublishesThenShowsIt()
    {
        using var open = Open();
        var seen = default((SlotName Stored, SlotName Table, SlotName Visible)?);
        open.State.Subscribe((_, _) => seen = (
            Stored().Services["orders"].Active, open.Tables.Current.ActiveOf(open.Services.All[0]), open.State.Current.Services["orders"].Active));

        await open.CommitAsync(ToGreen);

        seen.Should().Be((SlotName.Green, SlotName.Green, SlotName.Blue), "traffic moves before anybody can read that it has");
        open.State.Current.Services["orders"].Active.Should().Be(SlotName.Green);
        open.Tables.Current.ActiveOf(open.Services.All[1]).Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Commit_OfSeveralServices_PublishesOneTable()
    {
        using var open = Open();
        var before = open.Tables.Current;

        await open.CommitAsync(current => ToGreen(current).With("users", users => users with { Active = SlotName.Green }));

        open.Services.All.Select(open.Tables.Current.ActiveOf).Should().AllBeEquivalentTo(SlotName.Green);
        open.Services.All.Select(before.ActiveOf).Should().AllBeEquivalentTo(SlotName.Blue);
    }

    [Fact]
    public async Task Commit_OfMaintenance_IsInTheTableAndAfterAStart()
    {
        using (var open = Open())
        {
            await open.CommitAsync(change => change.With("orders", orders => orders with { Maintenance = new("closed", 60, States.Now, "ops") }));
            open.Tables.Current.RouteOf(open.Services.All[0]).Maintenance.Should().Be(new Maintenance("closed", 60));
            open.Tables.Current.RouteOf(open.Services.All[1]).Maintenance.Should().BeNull();
        }

        using var again = Open();
        again.Tables.Current.RouteOf(again.Services.All[0]).Maintenance.Should().Be(new Maintenance("closed", 60));
        await again.CommitAsync(change => change.With("orders", orders => orders with { Maintenance = null }));
        again.Tables.Current.RouteOf(again.Services.All[0]).Maintenance.Should().BeNull();
    }

    // A build that knows no maintenance can read a state without one; it refuses one with it, and so does not open what was closed.
    [Fact]
    public async Task Document_OfAServiceThatIsOpen_SaysNothingOfMaintenance()
    {
        using var open = Open();
        await open.CommitAsync(change => change.With("orders", orders => orders with { Maintenance = new("closed", 60, States.Now, "ops") }));
        File.ReadAllText(Path.Combine(_folder.Path, "state.json")).Should().Contain("\"maintenance\":{");

        await open.CommitAsync(change => change.With("orders", orders => orders with { Maintenance = null }));

        File.ReadAllText(Path.Combine(_folder.Path, "state.json")).Should().NotContain("maintenance");
    }

    [Fact]
    public async Task Commit_DiskFull_PublishesNothing()
    {
        using var open = Open();
        var (table, state) = (open.Tables.Current, open.State.Current);
        var published = false;
        open.State.Subscribe((_, _) => published = true);
        _folder.MakeFull("state.json.tmp");

        await open.Awaiting(it => it.CommitAsync(ToGreen))
            .Should().ThrowAsync<StateUnavailableException>();

        published.Should().BeFalse();
        open.Tables.Current.Should().BeSameAs(table);
        open.State.Current.Should().BeSameAs(state);
        Stored().Services["orders"].Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Failure_OfACommit_IsKnownSinceTheFirstOneUntilACommitOrCheckGoesWell()
    {
        var time = new ManualTime();
        using var open = Open(time);
        open.State.Failure.Should().BeNull();
        _folder.MakeFull("state.json.tmp");
        await open.Awaiting(it => it.CommitAsync(ToGreen)).Should().ThrowAsync<StateUnavailableException>();
        var since = time.GetUtcNow();
        time.Advance(TimeSpan.FromMinutes(1));
        await open.State.CheckAsync(CancellationToken.None);

        open.State.Failure!.Since.Should().Be(since);
        open.State.Failure.Message.Should().Contain("No space left on device");

        File.Delete(_folder["state.json.tmp"]);
        await open.State.CheckAsync(CancellationToken.None);
        open.State.Failure.Should().BeNull();
        _folder.MakeFull("state.json.tmp");
        await open.Awaiting(it => it.CommitAsync(ToGreen)).Should().ThrowAsync<StateUnavailableException>();
        File.Delete(_folder["state.json.tmp"]);
        await open.CommitAsync(ToGreen);
        open.State.Failure.Should().BeNull();
    }

    [Fact]
    public async Task Check_OfAFolderThatTakesTheState_ChangesNoFile()
    {
        using var open = Open();
        await open.CommitAsync(ToGreen);
        var before = Files();

        await open.State.CheckAsync(CancellationToken.None);

        Files().Should().BeEquivalentTo(before);

        Dictionary<string, string> Files() =>
            Directory.GetFiles(_folder.Path).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).ToDictionary(file => file, File.ReadAllText);
    }

    // A check by itself would say that there is room, while every commit is refused.
    [Fact]
    public async Task Check_AfterAnotherProcessHasChangedTheState_StaysAFailure()
    {
        using var open = Open();
        await open.CommitAsync(ToGreen);
        File.Copy(_folder["state.previous.json"], _folder["state.json"], overwrite: true);

        await open.State.CheckAsync(CancellationToken.None);

        open.State.Failure!.Message.Should().Contain("another process has changed it");
    }

    // Nobody has tried anything yet.
    [Fact]
    public async Task JournalKeeper_DiskFillsUp_IsNoticedWithoutACommit()
    {
        var time = new ManualTime();
        using var open = Open(time);
        using var keeper = new JournalKeeper(open.Store, open.State, Loops.Over(time), time);
        await keeper.StartAsync(CancellationToken.None);
        await PassAsync(TimeSpan.FromSeconds(1));
        open.State.Failure.Should().BeNull();
        _folder.MakeFull("state.json.tmp");
        for (var passed = TimeSpan.Zero; passed < JournalKeeper.CheckInterval; passed += TimeSpan.FromSeconds(1))
        {
            await PassAsync(TimeSpan.FromSeconds(1));
        }

        open.State.Failure.Should().NotBeNull();
        File.Delete(_folder["state.json.tmp"]);
        await PassAsync(TimeSpan.FromSeconds(1));
        open.State.Failure.Should().BeNull("while it fails, every turn looks");
        await keeper.StopAsync(CancellationToken.None).WaitAsync(TestTime.Limit);

        async Task PassAsync(TimeSpan interval)
        {
            await time.UntilWaitedForAsync(interval);
            time.Advance(interval);
            await time.UntilWaitedForAsync(interval);
        }
    }

    [Fact]
    public async Task Commit_DiskFreeAgain_GoesOn()
    {
        using var open = Open();
        _folder.MakeFull("state.json.tmp");
        await open.Awaiting(it => it.CommitAsync(ToGreen)).Should().ThrowAsync<StateUnavailableException>();
        File.Delete(_folder["state.json.tmp"]);

        await open.CommitAsync(ToGreen);

        open.Tables.Current.ActiveOf(open.Services.All[0]).Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Commit_DecisionThrows_ChangesNothingAndBlocksNobody()
    {
        using var open = Open();
        var state = open.State.Current;

        await open.Awaiting(it => it.CommitAsync(_ => throw new FormatException())).Should().ThrowAsync<FormatException>();

        open.State.Current.Should().BeSameAs(state);
        await open.CommitAsync(ToGreen).WaitAsync(TestTime.Limit);
    }

    [Fact]
    public async Task Commit_Nothing_WritesNothingButAnswers()
    {
        using var open = Open();
        var revision = open.State.Current.Revision;

        (await open.State.CommitAsync(_ => new Decision<int>(null, 42))).Should().Be(42);

        open.State.Current.Revision.Should().Be(revision);
    }

    [Fact]
    public async Task Restart_ActiveSlot_IsTheCommittedOne()
    {
        using (var open = Open())
        {
            await open.CommitAsync(ToGreen);
        }

        using var again = Open();

        again.Tables.Current.ActiveOf(again.Services.All[0]).Should().Be(SlotName.Green);
        again.Tables.Current.ActiveOf(again.Services.All[1]).Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Commits_FromManyThreads_AreSerialized()
    {
        const int Commits = 100;
        using var open = Open();
        var first = open.State.Current.Revision;
        var inside = 0;
        var revisions = new List<long>();

        await Task.WhenAll(Enumerable.Range(0, Commits).Select(_ => Task.Run(() => open.CommitAsync(current =>
        {
            Interlocked.Increment(ref inside).Should().Be(1, "one decision at a time");
            revisions.Add(current.Revision);
            Interlocked.Decrement(ref inside);
            return current with { LastRelease = current.LastRelease + 1 };
        }))));

        open.State.Current.LastRelease.Should().Be(Commits, "no change was computed on a state that was not the current one");
        revisions.Should().Equal(Enumerable.Range(0, Commits).Select(index => first + index), "each revision follows the one before");
        Stored().Revision.Should().Be(first + Commits);
    }

    // What is stored stands; who waits for the answer gets it.
    [Fact]
    public async Task Commit_SubscriberThrows_TellsTheOthersAndAnswers()
    {
        using var open = Open();
        var told = false;
        open.State.Subscribe((_, _) => throw new FormatException());
        open.State.Subscribe((_, _) => told = true);

        await open.CommitAsync(ToGreen).WaitAsync(TestTime.Limit);

        told.Should().BeTrue();
        open.State.Current.Services["orders"].Active.Should().Be(SlotName.Green);
    }

    // A caller that has gone must not wait behind a disk that hangs.
    [Fact]
    public async Task Commit_CallerGoesWhileItWaits_DecidesNothing()
    {
        using var open = Open();
        using var cancel = new CancellationTokenSource();
        using var hung = new SemaphoreSlim(0);
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.State.Subscribe((_, _) =>
        {
            hangs.SetResult();
            hung.Wait();
        });
        var first = Task.Run(() => open.CommitAsync(ToGreen));
        await hangs.Task.WaitAsync(TestTime.Limit);
        var decided = false;
        var second = open.State.CommitAsync(_ => new Decision<bool>(null, decided = true), cancel.Token);

        await cancel.CancelAsync();
        await second.Awaiting(it => it.WaitAsync(TestTime.Limit)).Should().ThrowAsync<OperationCanceledException>();
        hung.Release();
        await first.WaitAsync(TestTime.Limit);

        decided.Should().BeFalse();
    }

    [Fact]
    public async Task WaitUntil_ChangesRaceWithTheWait_MissesNone()
    {
        const int Rounds = 100;
        using var open = Open();

        for (var round = 1; round <= Rounds; round++)
        {
            var wanted = round;
            var waits = Enumerable.Range(0, 4).Select(_ => Task.Run(() => open.State.WaitUntilAsync(state => state.LastRelease == wanted, CancellationToken.None)));
            var commit = Task.Run(() => open.CommitAsync(current => current with { LastRelease = wanted }));

            await Task.WhenAll([.. waits, commit]).WaitAsync(TestTime.Limit);
        }
    }

    [Fact]
    public async Task WaitUntil_Cancelled_Ends()
    {
        using var open = Open();
        using var cancel = new CancellationTokenSource();
        var wait = open.State.WaitUntilAsync(_ => false, cancel.Token);

        await cancel.CancelAsync();

        await wait.Awaiting(it => it.WaitAsync(TestTime.Limit)).Should().ThrowAsync<OperationCanceledException>();
    }

    private static GatewayState ToGreen(GatewayState state) =>
        state.With("orders", orders => orders with { Active = SlotName.Green, Generation = orders.Generation + 1 });

    private OpenState Open(TimeProvider? time = null) => new(_folder.Path, ["orders", "users"], disk: null, time: time);

    private GatewayState Stored() => StateDocument.Read(File.ReadAllBytes(_folder["state.json"])).State;
}

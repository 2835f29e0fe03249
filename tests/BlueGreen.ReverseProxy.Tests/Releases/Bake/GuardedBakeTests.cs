using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>A bake that has enough evidence, but from one client: people are told once, and it does not succeed by itself.</summary>
public sealed class GuardedBakeTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Bake_GuardedUntilItsEnd_IsToldOnceAndHeld()
    {
        using var open = new OpenState(
            _folder.Path, ["orders"], disk: null, time: _time, configure: options => options.WithBake(bake => bake with { Confirm = ConfirmationMode.Never }));
        var parts = open.Releases(_time);
        using var guard = new BakeGuard(
            open.State, open.Services, parts.Monitors, parts.Engine, null!, new(open.State, open.Services, null!, open.Tables, parts.Context), null!, parts.Progresses, parts.Context, Loops.Over(_time), _time, NullLogger<BakeGuard>.Instance);
        await parts.Runner.StartAsync(CancellationToken.None);
        await guard.StartAsync(CancellationToken.None);
        Serve(open.Services.Entry("orders").Blue, 200, 5000, clients: 50);
        var id = (await parts.Engine.PlaceAsync(Ordering.Cutover("orders") with { Force = true })).Started!.Id;
        await UntilAsync(open, committed => committed.Find(id)!.Status == ReleaseStatus.Baking);
        Serve(open.Services.Entry("orders").Green, 200, 1000, clients: 50);
        Serve(open.Services.Entry("orders").Green, 500, 500, clients: 1);

        await LookUntilAsync(() => open.State.Snapshot.EventsOf(id).Any(entry => entry.Type == "bakeGuarded"));
        for (var second = 0; second < 5; second++)
        {
            await LookAsync();
        }

        _time.Advance(TimeSpan.FromSeconds(open.State.Find(id)!.BakeSeconds));
        await LookUntilAsync(() => open.State.Find(id)!.Bake!.Hold is not null);

        var release = open.State.Find(id)!;
        (release.Status, release.Bake!.Outcome, release.Bake.Hold).Should().Be((ReleaseStatus.Baking, BakeState.Held, BakeHolds.Guarded));
        release.Bake.Detail.Should().MatchRegex("^orders: 500 of 1500 responses failed on green; blue 0 %; evidence .* to 1; 500 × 500, the first at 12:00:00Z; not acted on: all of them went to one client of about 49, which sends 3[0-9] % of the requests$");
        open.State.Snapshot.EventsOf(id).Count(entry => entry.Type == "bakeGuarded").Should().Be(1);
        open.State.Snapshot.Records.Audit.Should().Contain(entry => entry.Actor == "bake" && entry.Action == "hold");

        // Whoever was woken has looked, and says that the release is good.
        (await parts.Engine.FinishAsync(id, Ordering.Ci)).Release!.Status.Should().Be(ReleaseStatus.Succeeded);
        await guard.StopAsync(CancellationToken.None);
        await parts.Runner.StopAsync(CancellationToken.None);
    }

    // A look that has begun before the time was moved on waits for the next second: there is one more.
    private async Task LookUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await LookAsync();
        }
    }

    // The guard waits for a tenth of a second, or a second once it holds, or, when it has just looked and something bad was answered since, for ten milliseconds.
    private async Task LookAsync()
    {
        await Task.WhenAny(_time.UntilWaitedForAsync(TimeSpan.FromMilliseconds(100)), _time.UntilWaitedForAsync(TimeSpan.FromSeconds(1)), _time.UntilWaitedForAsync(TimeSpan.FromMilliseconds(10))).WaitAsync(TestTime.Limit);
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    private static Task UntilAsync(OpenState open, Func<Committed, bool> condition) =>
        open.State.WaitForAsync(condition, CancellationToken.None).WaitAsync(TestTime.Limit);

    private static void Serve(Slot slot, int status, int count, int clients)
    {
        for (var index = 0; index < count; index++)
        {
            slot.Meter.Add(new ResponseOutcome(status, Fault.None, 5000, Begun: true, Upgraded: false, index % clients));
        }
    }
}

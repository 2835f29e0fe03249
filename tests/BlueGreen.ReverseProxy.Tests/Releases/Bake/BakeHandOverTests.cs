using System.Net;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>A planned stop leaves to the next process what this one has measured.</summary>
public sealed class BakeHandOverTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Stop_WhileBaking_StoresFiguresAndTime()
    {
        string id;
        int number;
        using (var first = new OpenState(_folder.Path, ["orders"], disk: null, time: _time))
        {
            var parts = first.Releases(_time);
            using var guard = Guard(first, parts);
            var handOver = HandOver(first, parts);
            await parts.Runner.StartAsync(CancellationToken.None);
            await guard.StartAsync(CancellationToken.None);
            id = (await parts.Engine.PlaceAsync(Ordering.Cutover("orders") with { Force = true })).Started!.Id;
            await first.State.WaitForAsync(committed => committed.Find(id)!.Status == ReleaseStatus.Baking, CancellationToken.None).WaitAsync(TestTime.Limit);
            _time.Advance(TimeSpan.FromSeconds(7));
            Serve(first.Services.Entry("orders").Green, 40);

            number = new ClientNumbers(parts.Baselines.ClientSeed).Of(IPAddress.Loopback);

            await guard.StopAsync(CancellationToken.None);
            handOver.Measure();
            await parts.Runner.StopAsync(CancellationToken.None);
            await handOver.CommitAsync(CancellationToken.None);
        }

        using var again = new OpenState(_folder.Path, "orders");
        BakeBaselines.NumbersAfter(again.State.Current).Of(IPAddress.Loopback).Should().Be(number, "a client keeps its number");
        var release = again.State.Find(id)!;
        release.Bake!.Services[0].ByClient!.Sum().Should().Be(40);
        release.ElapsedSeconds.Should().Be(7);
        release.Bake!.Services.Should().ContainSingle().Which.Responses.Should().Be(40);
    }

    [Fact]
    public async Task Stop_WithoutARelease_LeavesTheActiveSlotsPast()
    {
        using (var first = new OpenState(_folder.Path, ["orders"], disk: null, time: _time))
        {
            var parts = first.Releases(_time);
            Serve(first.Services.Entry("orders").Blue, 5000);
            await HandOver(first, parts).CommitAsync(CancellationToken.None);
        }

        using var again = new OpenState(_folder.Path, ["orders"], disk: null, time: _time);
        var baselines = new BakeBaselines(again.Services, _time);
        Serve(again.Services.Entry("orders").Blue, 100);

        Baseline(baselines, again.State.Current).Should().Be(5100);
        Baseline(baselines, again.State.Current.With("orders", service => service with { Generation = service.Generation + 1 })).Should().Be(100, "something else runs there since");
    }

    private static long Baseline(BakeBaselines baselines, GatewayState state) =>
        baselines.Freeze(States.Release("r1-aaaaaa", ReleaseStatus.Verifying), state)!.Baselines.Single().Responses;

    private BakeGuard Guard(OpenState open, ReleaseParts parts) => new(
        open.State, open.Services, parts.Monitors, parts.Engine, null!, new(open.State, open.Services, null!, open.Tables, parts.Context), null!, parts.Progresses, parts.Context, Loops.Over(_time), _time, NullLogger<BakeGuard>.Instance);

    private static BakeHandOver HandOver(OpenState open, ReleaseParts parts) => new(
        open.State, open.Services, parts.Baselines, parts.Progresses, parts.Context, NullLogger<BakeHandOver>.Instance);

    private static void Serve(Slot slot, int count)
    {
        for (var client = 0; client < count; client++)
        {
            slot.Meter.Add(new ResponseOutcome(200, Fault.None, 5000, Begun: true, Upgraded: false, client));
        }
    }
}

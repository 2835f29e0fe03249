using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class SlotDrainTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly GracefulCloseSchedule AtOnce = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(1));

    private readonly ManualTime _time = new();
    private readonly Slot _slot = new(SlotName.Blue, "orders-blue");

    [Fact]
    public async Task Run_NothingInFlight_IsDrainedAtOnce()
    {
        (await RunAsync().WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    // A process that takes the drain up late finds the time over, and may find the slot drained nevertheless.
    [Fact]
    public async Task Run_NothingInFlightAfterTheLimit_IsDrained()
    {
        var since = _time.GetTimestamp();
        _time.Advance(Limit * 2);

        (await RunAsync(since).WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    [Fact]
    public async Task Run_LastRequestEnds_IsDrainedThenAndNotBefore()
    {
        var (first, last) = (Open(), Open());
        var drain = RunAsync();

        first.Dispose();
        drain.IsCompleted.Should().BeFalse();
        last.Dispose();

        (await drain.WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    [Fact]
    public async Task Run_LimitPasses_IsNotDrainedAndCancelsNothing()
    {
        using var request = Open();
        var since = _time.GetTimestamp();
        _time.Advance(Limit / 2);
        var drain = RunAsync(since);

        await _time.UntilWaitedForAsync(Limit / 2);
        _time.Advance(Limit / 2);

        (await drain.WaitAsync(TestTime.Limit)).Should().BeFalse();
        request.Token.IsCancellationRequested.Should().BeFalse("that is the caller's decision");
    }

    [Theory]
    [InlineData(nameof(Purpose.Preview))]
    [InlineData(nameof(Purpose.Mirror))]
    public async Task Run_OnlyPreviewsOrCopiesInFlight_IsDrainedAtOnce(string purpose)
    {
        using var apart = Open(Enum.Parse<Purpose>(purpose));

        (await RunAsync().WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    [Fact]
    public async Task Run_LongLivedConnections_AreAskedToCloseAndWaitedFor()
    {
        var stream = Open();
        stream.RegisterLongLived(new GracefulCloseReader(Stream.Null, new OpaqueScanner(), waitsForPause: false, _time));

        var drain = RunAsync();

        _slot.LongLived.Count.Should().Be(0, "it holds those that were not asked yet");
        drain.IsCompleted.Should().BeFalse();
        stream.Dispose();
        (await drain.WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    [Fact]
    public async Task Run_Cancelled_AsksNobodyToCloseAnyMore()
    {
        using var request = Open();
        using var cancelled = new CancellationTokenSource();
        var drain = SlotDrain.RunAsync(_slot, AtOnce with { Grace = TimeSpan.FromSeconds(1) }, _time.GetTimestamp(), Limit, _time, cancelled.Token);

        await cancelled.CancelAsync();
        await drain.Invoking(it => it.WaitAsync(TestTime.Limit)).Should().ThrowAsync<OperationCanceledException>();

        request.RegisterLongLived(new GracefulCloseReader(Stream.Null, new OpaqueScanner(), waitsForPause: false, _time));
        _time.Advance(TimeSpan.FromSeconds(2));
        _slot.LongLived.Count.Should().Be(1);
    }

    private Task<bool> RunAsync(long? since = null) => SlotDrain.RunAsync(_slot, AtOnce, since ?? _time.GetTimestamp(), Limit, _time, CancellationToken.None);

    private SlotLease Open(Purpose purpose = Purpose.Serve)
    {
        _slot.InFlight.Increment(purpose);
        return new SlotLease(_slot, purpose);
    }
}

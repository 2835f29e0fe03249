using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots;

/// <summary>Previews and mirrored requests take no part in what a slot does for its clients.</summary>
public sealed class PurposeTests
{
    private readonly ManualTime _time = new();
    private readonly Slot _slot;

    public PurposeTests()
    {
        _slot = new Slot(SlotName.Green, "orders-green", new LongLivedOptions { StreamAfter = TimeSpan.FromSeconds(10) }, _time);
    }

    [Theory]
    [InlineData(nameof(Purpose.Preview))]
    [InlineData(nameof(Purpose.Mirror))]
    public async Task WhenIdle_NothingServesClients_DoesNotWaitForTheRest(string purpose)
    {
        using var apart = Open(Enum.Parse<Purpose>(purpose));
        _slot.InFlight.WhenIdleAsync(CancellationToken.None).IsCompletedSuccessfully.Should().BeTrue();
        var serving = Open(Purpose.Serve);
        var idle = _slot.InFlight.WhenIdleAsync(CancellationToken.None);
        idle.IsCompleted.Should().BeFalse();

        using (Open(Enum.Parse<Purpose>(purpose)))
        {
            // One that comes and goes meanwhile must not end the wait either.
        }

        idle.IsCompleted.Should().BeFalse();
        serving.Dispose();

        await idle.WaitAsync(TestTime.Limit);
    }

    [Theory]
    [InlineData(nameof(Purpose.Preview))]
    [InlineData(nameof(Purpose.Mirror))]
    public void Work_OfASlot_IsWhatServesClients(string purpose)
    {
        using var serving = Open(Purpose.Serve);
        using var stream = Open(Enum.Parse<Purpose>(purpose));
        stream.BeginResponse();
        using var socket = Open(Enum.Parse<Purpose>(purpose));
        socket.BeginResponse();
        socket.ReclassifyAs(WorkKind.Upgrade);
        _time.Advance(TimeSpan.FromMinutes(1));

        _slot.Work.Should().Be(new WorkCounts(1, 0, 0), "an old response of another purpose must not make the client's request a stream");
        (_slot.InFlight.Previews + _slot.InFlight.Mirrored).Should().Be(2);
        socket.Kind.Should().Be(WorkKind.Upgrade);
    }

    [Fact]
    public void Counts_OfThePurposes_DoNotSpillIntoOneAnother()
    {
        var previews = Enumerable.Range(0, 3).Select(_ => Open(Purpose.Preview)).ToList();
        var mirrored = Enumerable.Range(0, 5).Select(_ => Open(Purpose.Mirror)).ToList();
        (_slot.InFlight.Count, _slot.InFlight.Previews, _slot.InFlight.Mirrored).Should().Be((0L, 3L, 5L));

        mirrored.ForEach(lease => lease.Dispose());
        (_slot.InFlight.Count, _slot.InFlight.Previews, _slot.InFlight.Mirrored).Should().Be((0L, 3L, 0L));

        previews.ForEach(lease => lease.Dispose());
        (_slot.InFlight.Count, _slot.InFlight.Previews, _slot.InFlight.Mirrored).Should().Be((0L, 0L, 0L));
    }

    private SlotLease Open(Purpose purpose)
    {
        _slot.InFlight.Increment(purpose);
        return new SlotLease(_slot, purpose);
    }
}

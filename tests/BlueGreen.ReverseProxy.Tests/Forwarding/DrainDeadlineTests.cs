using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

public sealed class DrainDeadlineTests
{
    private readonly Slot _slot = new(SlotName.Blue, "orders-blue");
    private readonly DefaultHttpContext _context = new() { Response = { StatusCode = StatusCodes.Status502BadGateway } };

    [Theory]
    [InlineData(ForwarderError.RequestCanceled)]
    [InlineData(ForwarderError.ResponseBodyCanceled)]
    [InlineData(ForwarderError.UpgradeRequestCanceled)]
    public void Cancelled_AtTheDeadline_Is504AndCounted(ForwarderError error)
    {
        var lease = Lease();
        lease.Drain.Raise();

        Note(lease, error);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status504GatewayTimeout);
        lease.Drain.Aborted.Should().Be(1);
    }

    [Fact]
    public void Cancelled_BeforeTheDeadline_IsNotCounted()
    {
        var lease = Lease();

        Note(lease, ForwarderError.RequestCanceled);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status502BadGateway);
        lease.Drain.Aborted.Should().Be(0);
    }

    // It failed while the drain's deadline passed, but not because of it.
    [Theory]
    [InlineData(ForwarderError.Request)]
    [InlineData(ForwarderError.RequestTimedOut)]
    [InlineData(ForwarderError.None)]
    public void Ended_ByItselfAtTheDeadline_IsNotCounted(ForwarderError error)
    {
        var lease = Lease();
        lease.Drain.Raise();

        Note(lease, error);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status502BadGateway);
        lease.Drain.Aborted.Should().Be(0);
    }

    [Fact]
    public void Cancelled_ClientGoneAtTheDeadline_IsNotCounted()
    {
        var lease = Lease();
        lease.Drain.Raise();
        _context.RequestAborted = new CancellationToken(canceled: true);

        Note(lease, ForwarderError.RequestCanceled);

        lease.Drain.Aborted.Should().Be(0);
    }

    // The lease holds the signal of its own time: the slot is active again, and this request is one of those that were told to end.
    [Fact]
    public void Cancelled_SlotReactivatedSinceTheLease_SpeaksForTheOldDrain()
    {
        var drain = _slot.Drain;
        var lease = Lease();
        drain.Raise();
        _slot.Reactivate();

        lease.Token.IsCancellationRequested.Should().BeTrue();
        Note(lease, ForwarderError.RequestCanceled);

        drain.Aborted.Should().Be(1);
        _slot.Drain.Aborted.Should().Be(0);
    }

    private SlotLease Lease() => new(_slot);

    private void Note(SlotLease lease, ForwarderError error) => new DrainDeadline(Services.Listeners()).Note(_context, lease, error);
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

public sealed class ForwardCompletionTests : IDisposable
{
    private readonly YarpState _yarp = new();
    private readonly RouteModel _route;
    private readonly Slot _slot = new(SlotName.Blue, "orders-blue");
    private readonly DefaultHttpContext _context = new() { Response = { StatusCode = StatusCodes.Status502BadGateway } };

    public ForwardCompletionTests()
    {
        _yarp.AddCluster("orders-blue");
        _route = _yarp.AddRoute("r", "orders-blue");
    }

    public void Dispose() => _yarp.Dispose();

    [Theory]
    [InlineData(ForwarderError.RequestCanceled)]
    [InlineData(ForwarderError.ResponseBodyCanceled)]
    [InlineData(ForwarderError.UpgradeRequestCanceled)]
    public async Task Cancelled_AtTheDeadline_Is504AndCounted(ForwarderError error)
    {
        var lease = Lease();
        lease.Drain.Raise();

        await CompleteAsync(lease, error);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status504GatewayTimeout);
        lease.Drain.Aborted.Should().Be(1);
    }

    [Fact]
    public async Task Cancelled_BeforeTheDeadline_IsNotCounted()
    {
        var lease = Lease();

        await CompleteAsync(lease, ForwarderError.RequestCanceled);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status502BadGateway);
        lease.Drain.Aborted.Should().Be(0);
    }

    // It failed while the drain's deadline passed, but not because of it.
    [Theory]
    [InlineData(ForwarderError.Request)]
    [InlineData(ForwarderError.RequestTimedOut)]
    [InlineData(ForwarderError.None)]
    public async Task Ended_ByItselfAtTheDeadline_IsNotCounted(ForwarderError error)
    {
        var lease = Lease();
        lease.Drain.Raise();

        await CompleteAsync(lease, error);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status502BadGateway);
        lease.Drain.Aborted.Should().Be(0);
    }

    [Fact]
    public async Task Cancelled_ClientGoneAtTheDeadline_IsNotCounted()
    {
        var lease = Lease();
        lease.Drain.Raise();
        _context.RequestAborted = new CancellationToken(canceled: true);

        await CompleteAsync(lease, ForwarderError.RequestCanceled);

        lease.Drain.Aborted.Should().Be(0);
    }

    // The lease holds the signal of its own time: the slot is active again, and this request is one of those that were told to end.
    [Fact]
    public async Task Cancelled_SlotReactivatedSinceTheLease_SpeaksForTheOldDrain()
    {
        var drain = _slot.Drain;
        var lease = Lease();
        drain.Raise();
        _slot.Reactivate();

        lease.Token.IsCancellationRequested.Should().BeTrue();
        await CompleteAsync(lease, ForwarderError.RequestCanceled);

        drain.Aborted.Should().Be(1);
        _slot.Drain.Aborted.Should().Be(0);
    }

    [Theory]
    [InlineData(nameof(Purpose.Preview), StatusCodes.Status503ServiceUnavailable)]
    [InlineData(nameof(Purpose.Mirror), StatusCodes.Status504GatewayTimeout)]
    public async Task Cancelled_ServesNoClientAtTheDeadline_SaysSoAndIsNotCounted(string purpose, int status)
    {
        var lease = Lease(Enum.Parse<Purpose>(purpose));
        lease.Drain.Raise();

        await CompleteAsync(lease, ForwarderError.RequestCanceled);

        _context.Response.StatusCode.Should().Be(status);
        lease.Drain.Aborted.Should().Be(0);
    }

    // The proxy clears the headers of a response that it could not finish.
    [Fact]
    public async Task Failed_BeforeTheResponse_HasTheHeadersOfItsSlot()
    {
        await CompleteAsync(Lease(), ForwarderError.Request);

        _context.Response.Headers["X-Environment"].Should().Equal("blue");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Failed_DestinationIsTheGatewayItself_Is508(bool hasLease)
    {
        var loop = new HttpRequestException("refused", new DestinationRefusedException("it is this gateway", isLoop: true));

        await CompleteAsync(hasLease ? Lease() : null, ForwarderError.Request, loop);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status508LoopDetected);
        _slot.Meter.Read().Of(Fault.Destination).Should().Be(hasLease ? 1 : 0);
    }

    [Fact]
    public async Task Failed_DestinationRefusedForAnotherReason_StaysABadGateway()
    {
        await CompleteAsync(Lease(), ForwarderError.Request, new HttpRequestException("refused", new DestinationRefusedException("not allowed", isLoop: false)));

        _context.Response.StatusCode.Should().Be(StatusCodes.Status502BadGateway);
    }

    // An API may answer without having read the request; the proxy reports the rest of it as failed.
    [Theory]
    [InlineData(ForwarderError.RequestBodyClient)]
    [InlineData(ForwarderError.RequestBodyDestination)]
    [InlineData(ForwarderError.RequestBodyCanceled)]
    public async Task Failed_InTheRequestAfterTheApiHasAnswered_LeavesTheAnswerAlone(ForwarderError error)
    {
        var lease = Lease();
        lease.BegunAt = 1;
        _context.Response.StatusCode = StatusCodes.Status403Forbidden;

        await CompleteAsync(lease, error);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status403Forbidden);
        _context.Response.ContentType.Should().BeNull();
    }

    [Theory]
    [InlineData(ForwarderError.RequestBodyClient)]
    [InlineData(ForwarderError.Request)]
    public async Task Failed_BeforeTheApiHasAnswered_IsAProblem(ForwarderError error)
    {
        await CompleteAsync(Lease(), error);

        _context.Response.ContentType.Should().Be("application/problem+json");
    }

    // The measurement sees the failure and not the 200 that gRPC wants.
    [Fact]
    public async Task Failed_OfAGrpcCall_IsMeasuredAsItIs()
    {
        _context.Request.Protocol = "HTTP/2";
        _context.Request.ContentType = "application/grpc";

        await CompleteAsync(Lease(), ForwarderError.Request);

        _context.Response.StatusCode.Should().Be(StatusCodes.Status200OK);
        _slot.Meter.Read().OfClass(5).Should().Be(1);
    }

    // Session affinity answers by itself, without a failure of the forward.
    [Theory]
    [InlineData(0L, "application/problem+json")]
    [InlineData(1L, null)]
    public async Task Ended_With503_GetsABodyOnlyWhereNoApiHasAnswered(long begunAt, string? type)
    {
        _context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        var lease = Lease();
        lease.BegunAt = begunAt;

        await Forwards.Completion().CompleteAsync(_context, lease);

        _context.Response.ContentType.Should().Be(type);
    }

    [Fact]
    public async Task Ended_WithoutAFailure_IsMeasured()
    {
        _context.Response.StatusCode = StatusCodes.Status200OK;

        await Forwards.Completion().CompleteAsync(_context, Lease());

        _slot.Meter.Read().Trials.Should().Be(1);
    }

    private SlotLease Lease(Purpose purpose = Purpose.Serve) => new(_slot, purpose);

    private Task CompleteAsync(SlotLease? lease, ForwarderError error, Exception? exception = null)
    {
        // The log names the route and its destination.
        var yarp = YarpState.RequestOn(_route).Features.Get<IReverseProxyFeature>();
        _context.Features.Set(yarp);
        _context.Features.Set<IForwarderErrorFeature>(new Failure(error, exception));
        return Forwards.Completion().CompleteAsync(_context, lease);
    }

    private sealed record Failure(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}

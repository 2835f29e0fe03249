using System.Net;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

public sealed class ResponseMeasurementTests
{
    private readonly Slot _slot = new(SlotName.Green, "orders-green");
    private readonly ManualTime _time = new();
    private readonly DefaultHttpContext _context = new();

    [Theory]
    [InlineData(ForwarderError.None, "None")]
    [InlineData(ForwarderError.Request, "Destination")]
    [InlineData(ForwarderError.RequestTimedOut, "Destination")]
    [InlineData(ForwarderError.RequestBodyDestination, "Destination")]
    [InlineData(ForwarderError.ResponseHeaders, "Destination")]
    [InlineData(ForwarderError.ResponseBodyDestination, "Destination")]
    [InlineData(ForwarderError.NoAvailableDestinations, "Destination")]
    [InlineData(ForwarderError.RequestCanceled, "Client")]
    [InlineData(ForwarderError.RequestBodyCanceled, "Client")]
    [InlineData(ForwarderError.ResponseBodyCanceled, "Client")]
    [InlineData(ForwarderError.RequestBodyClient, "Client")]
    [InlineData(ForwarderError.ResponseBodyClient, "Client")]
    [InlineData(ForwarderError.UpgradeRequestClient, "Client")]
    [InlineData(ForwarderError.RequestCreation, "Gateway")]
    public void Error_OfTheForwarder_IsTheFaultOf(ForwarderError error, string fault)
    {
        Measure(error, StatusCodes.Status502BadGateway);

        _slot.Meter.Read().Of(Enum.Parse<Fault>(fault)).Should().Be(fault == "None" ? 0 : 1);
        _slot.Meter.Read().Bad(FailureCodes.Errors).Should().Be(fault is "Destination" or "None" ? 1 : 0);
    }

    // A server that refuses an upload answers at once, and never reads the rest of it.
    [Fact]
    public void Answer_BeforeTheRequestWasReadWhole_IsNoFaultOfTheApi()
    {
        var lease = Lease();
        lease.BegunAt = _time.GetTimestamp();

        Measure(ForwarderError.RequestBodyDestination, StatusCodes.Status413PayloadTooLarge, lease);

        _slot.Meter.Read().Bad(FailureCodes.Errors).Should().Be(0);
        _slot.Meter.Read().OfClass(4).Should().Be(1);
    }

    [Fact]
    public void Cancelled_AtTheDrainsDeadline_IsTheGateways()
    {
        var lease = new SlotLease(_slot);
        lease.Drain.Raise();

        Measure(ForwarderError.RequestCanceled, StatusCodes.Status504GatewayTimeout, lease);

        _slot.Meter.Read().Of(Fault.Gateway).Should().Be(1);
        _slot.Meter.Read().Trials.Should().Be(0);
    }

    [Theory]
    [InlineData("application/grpc", "14", null, 1)]
    [InlineData("application/grpc+proto", null, "13", 1)]
    [InlineData("application/grpc", null, "0", 0)]
    [InlineData("application/grpc", null, null, 1)]
    [InlineData("application/grpc-web+proto", null, null, 0)]
    [InlineData("text/html", null, null, 0)]
    [InlineData("application/grpc", null, "not a number", 1)]
    public void GrpcStatus_OfACall_IsWhatItsEndSays(string type, string? header, string? trailer, int bad)
    {
        Measure(ForwarderError.None, StatusCodes.Status200OK, Call(type, header, trailer));

        _slot.Meter.Read().Bad(FailureCodes.Errors).Should().Be(bad);
    }

    // Its trailers are the gateway's.
    [Fact]
    public void GrpcStatus_OfACallThatTheGatewayHasEnded_IsNotTheApis()
    {
        var lease = Call("application/grpc", header: null, trailer: "14");
        lease.EndGrpcCallWithin(TimeSpan.FromSeconds(1));

        Measure(ForwarderError.None, StatusCodes.Status200OK, lease);

        _slot.Meter.Read().Bad(FailureCodes.Errors).Should().Be(0);
    }

    // A WebSocket that ends without a close frame: whose end was it?
    [Theory]
    [InlineData(ForwarderError.None, 1, 1)]
    [InlineData(ForwarderError.UpgradeResponseDestination, 1, 1)]
    [InlineData(ForwarderError.UpgradeRequestDestination, 1, 1)]
    [InlineData(ForwarderError.UpgradeResponseClient, 1, 0)]
    [InlineData(ForwarderError.UpgradeRequestClient, 1, 0)]
    [InlineData(ForwarderError.UpgradeRequestCanceled, 0, 0)]
    [InlineData(ForwarderError.UpgradeResponseCanceled, 0, 0)]
    [InlineData(ForwarderError.UpgradeActivityTimeout, 0, 0)]
    public void WebSocket_WithoutACloseFrame_IsBrokenOnlyIfItEndedAtTheApisEnd(ForwarderError error, int ended, int broken)
    {
        using var socket = new GracefulCloseWebSocket(Stream.Null, 1012, _time, CancellationToken.None);
        var lease = Lease();
        lease.BecomeWebSocket(socket);

        Measure(error, StatusCodes.Status101SwitchingProtocols, lease);

        _slot.Meter.Read().WebSockets.Should().Be(ended);
        _slot.Meter.Read().BrokenWebSockets.Should().Be(broken);
    }

    [Fact]
    public void WebSocket_CutAtTheDrainsDeadline_IsNotJudged()
    {
        using var socket = new GracefulCloseWebSocket(Stream.Null, 1012, _time, CancellationToken.None);
        var lease = Lease();
        lease.BecomeWebSocket(socket);
        lease.Drain.Raise();

        Measure(ForwarderError.None, StatusCodes.Status101SwitchingProtocols, lease);

        _slot.Meter.Read().WebSockets.Should().Be(0);
    }

    // A server may refuse a call without having read its message.
    [Theory]
    [InlineData("16", 0, 0)]
    [InlineData("13", 1, 0)]
    [InlineData(null, 1, 1)]
    public void GrpcStatus_BeforeTheRequestWasReadWhole_IsTheAnswer(string? trailer, int bad, int faults)
    {
        Measure(ForwarderError.RequestBodyDestination, StatusCodes.Status200OK, Call("application/grpc", header: null, trailer));

        _slot.Meter.Read().Bad(FailureCodes.Errors).Should().Be(bad);
        _slot.Meter.Read().Of(Fault.Destination).Should().Be(faults);
    }

    // A client that leaves a stream leaves no status behind.
    [Fact]
    public void GrpcStatus_OfACallThatItsClientHasLeft_IsNotMissing()
    {
        Measure(ForwarderError.ResponseBodyCanceled, StatusCodes.Status200OK, Call("application/grpc", header: null, trailer: null));

        _slot.Meter.Read().Bad(FailureCodes.Errors).Should().Be(0);
    }

    // A stream of an hour is as fast as its first byte.
    [Fact]
    public void Latency_OfAResponseThatGoesOn_IsTheTimeToItsStart()
    {
        var measurement = new ResponseMeasurement(_time, NetworkSet.None);
        var lease = Lease();
        _time.Advance(TimeSpan.FromMilliseconds(20));
        lease.BegunAt = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromHours(1));

        measurement.End(_context, lease, ForwarderError.None);

        _slot.Meter.Read().QuantileMs(0.5).Should().BeInRange(20, 21.3);
    }

    [Fact]
    public void Latency_OfAClientThatGaveUp_IsHowLongItHasWaited()
    {
        Measure(ForwarderError.RequestCanceled, 499, waited: TimeSpan.FromSeconds(5));

        _slot.Meter.Read().QuantileMs(0.5).Should().BeInRange(5000, 5320);
        _slot.Meter.Read().Trials.Should().Be(0);
    }

    [Theory]
    [InlineData("GET", 101)]
    [InlineData("CONNECT", 200)]
    public void Upgrade_OfAConnection_IsNeitherGoodNorSlow(string method, int status)
    {
        _context.Request.Method = method;

        Measure(ForwarderError.UpgradeResponseDestination, status, waited: TimeSpan.FromHours(1));

        var reading = _slot.Meter.Read();
        (reading.Trials, reading.Latency, reading.Upgraded).Should().Be((0L, 0L, 1L));
    }

    // Behind a trusted proxy the client is the one that it names; and a listener of both families writes an IPv4 address as IPv6.
    [Theory]
    [InlineData("192.0.2.7", null, "::ffff:192.0.2.7", null, 1)]
    [InlineData("192.0.2.7", null, "192.0.2.8", null, 2)]
    [InlineData("10.0.0.1", "192.0.2.7", "10.0.0.2", "192.0.2.7", 1)]
    [InlineData("10.0.0.1", "192.0.2.7", "10.0.0.1", "192.0.2.8", 2)]
    [InlineData("10.0.0.1", "192.0.2.7", "::ffff:192.0.2.7", "192.0.2.9", 1)]
    public void Client_OfARequest_IsTheOneThatSentIt(string peer, string? named, string otherPeer, string? otherNamed, int clients)
    {
        var observer = new ResponseObserver(1, [long.MaxValue], TimeProvider.System);
        _slot.Meter.Observer = observer;
        var measurement = new ResponseMeasurement(_time, NetworkSet.Of("10.0.0.0/8"));
        foreach (var (address, forwarded) in new[] { (peer, named), (otherPeer, otherNamed) })
        {
            var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
            if (forwarded is not null)
            {
                context.Request.Headers["X-Forwarded-For"] = forwarded;
            }

            measurement.End(context, Lease(), ForwarderError.None);
        }

        observer.Seen.Count.Should().Be(clients);
    }

    // The bake judges a slot by what its clients got.
    [Theory]
    [InlineData(nameof(Purpose.Preview))]
    [InlineData(nameof(Purpose.Mirror))]
    public void Response_ThatServesNoClient_IsNotMeasured(string purpose)
    {
        Measure(ForwarderError.Request, StatusCodes.Status502BadGateway, new SlotLease(_slot, Enum.Parse<Purpose>(purpose)));

        var reading = _slot.Meter.Read();
        (reading.Trials, reading.Latency, reading.Of(Fault.Destination)).Should().Be((0L, 0L, 0L));
    }

    private SlotLease Call(string type, string? header, string? trailer)
    {
        var lease = Lease();
        lease.BeginGrpcCall(_time);
        lease.BegunAt = _time.GetTimestamp();
        _context.Response.ContentType = type;
        if (header is not null)
        {
            _context.Response.Headers["grpc-status"] = header;
        }

        var trailers = new HeaderDictionary();
        if (trailer is not null)
        {
            trailers["grpc-status"] = trailer;
        }

        _context.Features.Set<IHttpResponseTrailersFeature>(new Trailing { Trailers = trailers });
        return lease;
    }

    private sealed class Trailing : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }

    private SlotLease Lease() => new(_slot) { StartedAt = _time.GetTimestamp() };

    private void Measure(ForwarderError error, int status, SlotLease? lease = null, TimeSpan waited = default)
    {
        var measurement = new ResponseMeasurement(_time, NetworkSet.None);
        lease ??= Lease();
        _time.Advance(waited);
        _context.Response.StatusCode = status;
        measurement.End(_context, lease, error);
    }
}

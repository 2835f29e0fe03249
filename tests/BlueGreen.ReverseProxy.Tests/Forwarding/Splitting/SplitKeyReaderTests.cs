using System.Net;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Forwarding.Splitting;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Forwarding.Splitting;

public sealed class SplitKeyReaderTests
{
    private const string Release = "r1-394f28";

    private readonly SplitKeyReader _reader = new(NetworkSet.None);

    [Theory]
    [InlineData("203.0.113.7")]
    [InlineData("::ffff:203.0.113.7")]
    public void Read_ByClient_IsTheAddressAsText(string address)
    {
        var keying = new SplitKeying(Release, TrafficKeyKind.Client);

        _reader.Read(Request(address), keying).Should().Be(new SplitKey(keying.Hash("203.0.113.7")));
    }

    [Fact]
    public void Read_ByClientBehindATrustedProxy_IsTheAddressThatItNames()
    {
        var keying = new SplitKeying(Release, TrafficKeyKind.Client);
        NetworkSet.TryParse("10.0.0.0/8", out var network).Should().BeTrue();
        var context = Request("10.1.2.3");
        context.Request.Headers[ForwardedHeaders.For] = "203.0.113.7";

        new SplitKeyReader(new NetworkSet([network])).Read(context, keying).Hash.Should().Be(keying.Hash("203.0.113.7"));
        _reader.Read(context, keying).Hash.Should().Be(keying.Hash("10.1.2.3"), "without trust it is anybody's word");
    }

    [Fact]
    public void Read_ByHeader_IsItsValue_OrTheAddressWithout()
    {
        var keying = new SplitKeying(Release, TrafficKeyKind.Header, "X-Customer");
        var context = Request("203.0.113.7");

        _reader.Read(context, keying).Hash.Should().Be(keying.Hash("203.0.113.7"));
        context.Request.Headers["x-customer"] = "4711";
        _reader.Read(context, keying).Hash.Should().Be(keying.Hash("4711"));
        context.Request.Headers["x-customer"] = "";
        _reader.Read(context, keying).Hash.Should().Be(keying.Hash("203.0.113.7"), "an empty value tells nobody apart");
    }

    [Fact]
    public void Read_ByRequest_DiffersFromRequestToRequest()
    {
        var keying = new SplitKeying(Release, TrafficKeyKind.Request);

        Enumerable.Range(0, 10).Select(_ => _reader.Read(Request("203.0.113.7"), keying).Hash).Distinct().Should().HaveCountGreaterThan(1);
    }

    [Fact]
    public void Read_WithSessions_KeepsTheSideOfTheCookie()
    {
        var keying = new SplitKeying(Release, TrafficKeyKind.Client);

        _reader.Read(Request("203.0.113.7", cookie: "old.0a", hasSessions: true), keying).IsNew.Should().BeFalse();
        _reader.Read(Request("203.0.113.7", cookie: "new.0a", hasSessions: true), keying).IsNew.Should().BeTrue();
        _reader.Read(Request("203.0.113.7", cookie: "old.0a"), keying).IsNew.Should().BeNull("nothing is lost where there is no session");
    }

    private static DefaultHttpContext Request(string address, string? cookie = null, bool hasSessions = false)
    {
        var cluster = new ClusterState("orders-blue", new ClusterModel(
            new ClusterConfig { ClusterId = "orders-blue", SessionAffinity = new SessionAffinityConfig { Enabled = hasSessions, AffinityKeyName = "session" } },
            new HttpMessageInvoker(new SocketsHttpHandler())));
        var context = (DefaultHttpContext)YarpState.RequestOn(new RouteModel(new RouteConfig { RouteId = "r", Match = new RouteMatch() }, cluster, HttpTransformer.Default));
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        if (cookie is not null)
        {
            ShiftCookie.Keep(context, [($"bluegreen-shift.{Release}", cookie)]);
        }

        return context;
    }
}

using System.Net;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Tests.Forwarding.Previewing;

public sealed class PreviewFieldsTests
{
    [Theory]
    [InlineData("X-BlueGreen-Preview", true)]
    [InlineData("x-bluegreen-preview", true)]
    [InlineData("X-BLUEGREEN-MIRROR", true)]
    [InlineData("X-BlueGreen-", true)]
    [InlineData("X_BlueGreen_Mirror", true)]
    [InlineData("X-BlueGreen_Mirror", true)]
    [InlineData("X-BlueGreen", false)]
    [InlineData("X-BlueGreenish", false)]
    [InlineData("X-Blue-Green-Preview", false)]
    [InlineData("BlueGreen-Preview", false)]
    [InlineData("X-Request-ID", false)]
    [InlineData("Accept", false)]
    public async Task Field_OfAClient_IsTakenOutIfItIsTheGateways(string name, bool isTaken)
    {
        var context = Request();
        context.Request.Headers[name] = "value";

        await GuardAsync(context);

        context.Request.Headers.ContainsKey(name).Should().Be(!isTaken);
    }

    [Theory]
    [InlineData("bluegreen-preview=T", "")]
    [InlineData("bluegreen-preview=T; a=1", "a=1")]
    [InlineData("a=1; bluegreen-preview=T", "a=1")]
    [InlineData("a=1; bluegreen-preview=T; b=2", "a=1; b=2")]
    [InlineData("a=1;bluegreen-preview=T;b=2", "a=1;b=2")]
    [InlineData("a=1; bluegreen-preview=T; b=\"x y\";  c", "a=1; b=\"x y\";  c")]
    [InlineData("bluegreen-preview=T; bluegreen-preview=T", "")]
    [InlineData("a=1; bluegreen-preview =T;b==bluegreen-preview", "a=1;b==bluegreen-preview")]
    public void Cookie_OfThePreview_IsTakenOutAndTheOthersStayAsTheyAre(string sent, string left)
    {
        var headers = new HeaderDictionary { ["Cookie"] = sent };

        GatewayCookies.Take(headers).Distinct().Should().Equal(("bluegreen-preview", "T"));

        headers["Cookie"].ToString().Should().Be(left);
        headers.ContainsKey("Cookie").Should().Be(left.Length > 0);
    }

    [Theory]
    [InlineData("x-bluegreen-preview=1; a=2 ;")]
    [InlineData("bluegreen-preview2=1")]
    [InlineData("Bluegreen-Preview=1")]
    [InlineData("a=bluegreen-preview; b=bluegreen-preview=T")]
    [InlineData(" ;; bluegreen-previews; ")]
    public void Cookie_ThatOnlyLooksLikeIt_StaysByteByByte(string sent)
    {
        var headers = new HeaderDictionary { ["Cookie"] = sent };

        GatewayCookies.Take(headers).Should().BeEmpty();

        headers["Cookie"][0].Should().BeSameAs(sent);
    }

    [Fact]
    public void Cookie_InOneOfSeveralLines_LeavesTheOtherLines()
    {
        var headers = new HeaderDictionary { ["Cookie"] = new StringValues(["a=1", "bluegreen-preview=T", "b=2"]) };

        GatewayCookies.Take(headers);

        headers["Cookie"].Should().Equal("a=1", "b=2");
    }

    [Fact]
    public async Task Request_WithNothingOfPreviews_HasNoFeature()
    {
        var context = Request("?x=1");
        context.Request.Headers.Cookie = "a=1";
        context.Request.Headers["X-Request-ID"] = "7";

        await GuardAsync(context);

        context.Features.Get<PreviewRequest>().Should().BeNull();
    }

    // What every request pays: whoever does not preview makes no garbage by it.
    [Fact]
    public void Request_WithNothingOfPreviews_AllocatesNothing()
    {
        var context = Request("?x=1&page=2");
        context.Request.Headers.Cookie = "session=0123456789abcdef; theme=dark; consent=yes";
        PreviewRequest.Take(context, hasGatewayField: false);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 1000; count++)
        {
            PreviewRequest.Take(context, hasGatewayField: false);
            GatewayFields.IsOne("X-Request-ID");
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    // One that is named there is removed; without the token the request would be served by the active slot.
    [Fact]
    public async Task Header_NamedByConnection_IsReadBeforeItIsRemoved()
    {
        var context = Request();
        context.Request.Headers.Connection = "X-BlueGreen-Preview";
        context.Request.Headers[GatewayFields.Preview] = "T";

        await GuardAsync(context);

        context.Features.Get<PreviewRequest>()!.Token.Should().Be("T");
    }

    [Fact]
    public async Task Header_BesideTheCookie_Counts()
    {
        var context = Request();
        context.Request.Headers.Cookie = "bluegreen-preview=C";
        context.Request.Headers[GatewayFields.Preview] = "H";

        await GuardAsync(context);

        context.Features.Get<PreviewRequest>().Should().BeEquivalentTo(new { Token = "H", IsCookie = false });
        context.Request.Headers.Should().NotContainKey("Cookie");
    }

    [Fact]
    public async Task Values_SeveralDifferentOnes_AreNone()
    {
        var context = Request();
        context.Request.Headers[GatewayFields.Preview] = new StringValues(["A", "B"]);
        await GuardAsync(context);
        context.Features.Get<PreviewRequest>()!.Token.Should().BeEmpty();

        context = Request();
        context.Request.Headers.Cookie = "bluegreen-preview=A; bluegreen-preview=B";
        await GuardAsync(context);
        context.Features.Get<PreviewRequest>()!.Token.Should().BeEmpty();
    }

    [Theory]
    [InlineData("?bluegreen-preview=bgp_x", "bgp_x")]
    [InlineData("?a=1&bluegreen-preview=bgp_x&b=2", "bgp_x")]
    [InlineData("?bluegreen-preview=off", "off")]
    [InlineData("?bluegreen-preview=", null)]
    [InlineData("?bluegreen-preview=yes", null)]
    [InlineData("?my-bluegreen-preview=bgp_x", null)]
    [InlineData("?a=bluegreen-preview=bgp_x", null)]
    [InlineData("?a=1", null)]
    [InlineData("", null)]
    public void Link_InTheQuery_IsFound(string query, string? expected) => PreviewLink.ValueIn(new QueryString(query)).Should().Be(expected);

    [Theory]
    [InlineData("/orders/x?bluegreen-preview=bgp_x", "/orders/x")]
    [InlineData("/orders/x?a=%41&bluegreen-preview=bgp_x&b=2", "/orders/x?a=%41&b=2")]
    [InlineData("/orders/%2f?bluegreen-preview=off", "/orders/%2f")]
    [InlineData("//other.example/?bluegreen-preview=off", "/.//other.example/")]
    [InlineData("/\\other.example/?bluegreen-preview=off", "/./\\other.example/")]
    [InlineData("http://gateway/orders?bluegreen-preview=off", "/orders")]
    [InlineData("http://gateway//other.example?bluegreen-preview=off", "/.//other.example")]
    public void Link_Followed_LeadsToTheSameAddressWithoutIt(string target, string expected)
    {
        var context = Request();
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = target;

        var clean = PreviewLink.CleanTarget(context);

        clean.Should().Be(expected);
        new Uri(new Uri("http://gateway/"), clean.Replace('\\', '/')).Host.Should().Be("gateway");
    }

    [Theory]
    [InlineData(null, "private")]
    [InlineData("max-age=60", "max-age=60, private")]
    [InlineData("public, max-age=60, S-MaxAge=90", "max-age=60, private")]
    [InlineData("no-store", "no-store")]
    [InlineData("private, max-age=5", "private, max-age=5")]
    [InlineData("private, s-maxage=5", "private")]
    [InlineData("no-store, public", "no-store")]
    [InlineData("private=\"a, no-store\", x", "private=\"a, no-store\", x, private")]
    public void CacheControl_OfAPreview_IsPrivate(string? sent, string expected)
    {
        var headers = new HeaderDictionary { ["Cache-Control"] = sent, ["CDN-Cache-Control"] = "max-age=9", ["Surrogate-Control"] = "max-age=9", ["X-Accel-Expires"] = "9", ["Some-CDN-Cache-Control"] = "public" };

        PreviewCaching.MakePrivate(headers);

        headers["Cache-Control"].ToString().Should().Be(expected);
        headers.Keys.Should().Equal("Cache-Control");
    }

    private static DefaultHttpContext Request(string query = "") =>
        new() { Request = { Method = "GET", QueryString = new QueryString(query) }, Connection = { RemoteIpAddress = IPAddress.Loopback } };

    private static async Task GuardAsync(HttpContext context)
    {
        using var yarp = new YarpState();
        await new RequestGuardMiddleware(_ => Task.CompletedTask, new ForwardingOptions(), new AmbiguousTargets(yarp), GatewayErrors.Answers()).InvokeAsync(context);
    }
}

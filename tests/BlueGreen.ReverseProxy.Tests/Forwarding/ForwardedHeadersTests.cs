using BlueGreen.ReverseProxy.Forwarding;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

public sealed class ForwardedHeadersTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("bluegreen-gateway", 1)]
    [InlineData("bluegreen-gateway, other; v=1,BlueGreen-Gateway ; a=b", 2)]
    [InlineData("not-bluegreen-gateway, bluegreen-gateway-2", 0)]
    [InlineData(",,, ,bluegreen-gateway,", 1)]
    public void Hops_AreTheEntriesOfTheGateway(string loop, int hops)
    {
        ForwardedHeaders.HopsOf(new HeaderDictionary { ["CDN-Loop"] = loop }).Should().Be(hops);
        ForwardedHeaders.HopsOf(new HeaderDictionary { ["CDN-Loop"] = new([loop, loop]) }).Should().Be(2 * hops);
    }
}

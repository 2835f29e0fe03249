using System.Net;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

public sealed class ProxyFieldsTests
{
    // Each alone: one that is taken out takes the others with it, and would hide that it is not found by itself.
    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("x-forwarded-for")]
    [InlineData("X-Forwarded-Prefix")]
    [InlineData("X-Original-Host")]
    [InlineData("x-real-ip")]
    [InlineData("Forwarded")]
    [InlineData("forwarded")]
    public async Task FieldOfAProxy_AloneFromAClient_IsTakenOut(string name)
    {
        using var yarp = new YarpState();
        var context = new DefaultHttpContext { Request = { Method = "GET" }, Connection = { RemoteIpAddress = IPAddress.Loopback } };
        context.Request.Headers[name] = "10.0.0.1";
        context.Request.Headers.Accept = "text/plain";

        await new RequestGuardMiddleware(_ => Task.CompletedTask, new ForwardingOptions(), new AmbiguousTargets(yarp), GatewayErrors.Answers()).InvokeAsync(context);

        context.Request.Headers.Keys.Should().Equal("Accept");
    }
}

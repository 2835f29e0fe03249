using System.Threading.RateLimiting;
using BlueGreen.ReverseProxy.Policies;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Policies;

public sealed class PolicyNeedTests
{
    private static readonly RouteConfig Plain = new() { RouteId = "orders", Match = new RouteMatch { Path = "/{**rest}" } };

    public static TheoryData<RouteConfig, bool> Routes => new()
    {
        { Plain, false },
        { Plain with { CorsPolicy = "open" }, true },
        { Plain with { RateLimiterPolicy = "few" }, true },
        { Plain with { TimeoutPolicy = "short" }, true },
        { Plain with { Timeout = TimeSpan.FromSeconds(1) }, true },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public void Concerns_ProxiedRoute_IfItNamesAPolicy(RouteConfig route, bool concerns) =>
        Need().Concerns(RequestOf(new RouteModel(route, null, HttpTransformer.Default))).Should().Be(concerns);

    // What is not proxied may have attributes of its own.
    [Fact]
    public void Concerns_EndpointOfTheHostOrNone_Always()
    {
        Need().Concerns(RequestOf()).Should().BeTrue();
        Need().Concerns(new DefaultHttpContext()).Should().BeTrue();
    }

    [Theory]
    [InlineData("cors")]
    [InlineData("limit")]
    [InlineData("timeout")]
    public void Concerns_HostHasOneForEveryRequest_Always(string what)
    {
        var need = what switch
        {
            "cors" => Need(cors: options => options.AddDefaultPolicy(policy => policy.AllowAnyOrigin())),
            "limit" => Need(limits: options => options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(_ => RateLimitPartition.GetNoLimiter(""))),
            _ => Need(timeouts: options => options.DefaultPolicy = new RequestTimeoutPolicy { Timeout = TimeSpan.FromSeconds(1) }),
        };

        need.Concerns(RequestOf(new RouteModel(Plain, null, HttpTransformer.Default))).Should().BeTrue();
    }

    private static PolicyNeed Need(Action<CorsOptions>? cors = null, Action<RateLimiterOptions>? limits = null, Action<RequestTimeoutOptions>? timeouts = null) =>
        new(Of(cors), Of(limits), Of(timeouts));

    private static IOptions<T> Of<T>(Action<T>? configure)
        where T : class, new()
    {
        var options = new T();
        configure?.Invoke(options);
        return Options.Create(options);
    }

    private static DefaultHttpContext RequestOf(params object[] metadata)
    {
        var context = new DefaultHttpContext();
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(metadata), null));
        return context;
    }
}

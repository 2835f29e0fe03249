using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>
/// A request as it came to the proxy, to be sent once more: a copy, because the server uses the original for the next request as soon as it is
/// answered.
/// </summary>
internal sealed class MirroredRequest
{
    private readonly FeatureCollection _features = new();
    private readonly HttpRequestFeature _request;
    private readonly IServiceScopeFactory? _scopes;

    public MirroredRequest(HttpContext context, bool hasBody)
    {
        var original = context.Request;
        var headers = new HeaderDictionary(original.Headers.Count);
        foreach (var (name, values) in original.Headers)
        {
            headers[name] = values;
        }

        _request = new HttpRequestFeature
        {
            Method = original.Method,
            Scheme = original.Scheme,
            PathBase = original.PathBase.Value ?? "",
            Path = original.Path.Value ?? "",
            QueryString = original.QueryString.Value ?? "",
            Protocol = original.Protocol,
            RawTarget = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "",
            Headers = headers,
        };
        HasBody = hasBody;
        _scopes = context.RequestServices?.GetService<IServiceScopeFactory>();
        _features.Set<IHttpRequestFeature>(_request);
        _features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        _features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature());
        _features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(hasBody));
        _features.Set<IRouteValuesFeature>(new RouteValuesFeature { RouteValues = new(original.RouteValues) });
        _features.Set<IEndpointFeature>(new EndpointFeature(context.GetEndpoint()));
        _features.Set<IHttpConnectionFeature>(new HttpConnectionFeature
        {
            ConnectionId = context.Connection.Id,
            RemoteIpAddress = context.Connection.RemoteIpAddress,
            RemotePort = context.Connection.RemotePort,
            LocalIpAddress = context.Connection.LocalIpAddress,
            LocalPort = context.Connection.LocalPort,
        });
        if (context.Connection.ClientCertificate is { } certificate)
        {
            _features.Set<ITlsConnectionFeature>(new TlsConnectionFeature { ClientCertificate = certificate });
        }

        if (context.Features.Get<ForwardedTarget>() is { } target)
        {
            _features.Set(target);
        }
    }

    public bool HasBody { get; }

    /// <summary>The request as the forwarder takes it. Call it once.</summary>
    /// <param name="body">Its body.</param>
    /// <param name="response">Takes the body of the answer.</param>
    /// <param name="route">The route and the destination that it is sent to.</param>
    public DefaultHttpContext ToContext(ReadOnlyMemory<byte> body, Stream response, ReverseProxyFeature route)
    {
        _request.Body = HasBody ? new MemoryStream(body.ToArray(), writable: false) : Stream.Null;
        _features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(response));
        _features.Set<IReverseProxyFeature>(route);
        var context = new DefaultHttpContext(_features);
        if (_scopes is not null)
        {
            context.ServiceScopeFactory = _scopes;
        }

        return context;
    }

    private sealed class BodyDetection(bool canHaveBody) : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => canHaveBody;
    }

    private sealed class EndpointFeature(Endpoint? endpoint) : IEndpointFeature
    {
        public Endpoint? Endpoint { get; set; } = endpoint;
    }
}

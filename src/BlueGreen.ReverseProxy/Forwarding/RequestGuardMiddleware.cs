using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Lets through what means the same to every reader, and takes out what is between the client and the gateway only. What it refuses no
/// API sees; over HTTP/1.1 the connection is closed then, because it is unclear where the next request on it would begin.
/// </summary>
internal sealed class RequestGuardMiddleware(RequestDelegate next, ForwardingOptions options, AmbiguousTargets ambiguous, ErrorAnswers errors)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (RequestGrammar.RejectionReason(context, out var hasProxyField, out var hasGatewayField) is { } reason)
        {
            return errors.RefuseAsync(context, StatusCodes.Status400BadRequest, reason);
        }

        var method = context.Request.Method;
        if (HttpMethods.IsConnect(method) && context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect != true)
        {
            return errors.RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "the gateway opens no tunnels");
        }

        if (!string.Equals(HttpMethods.GetCanonicalizedValue(method), method, StringComparison.Ordinal))
        {
            // Methods are told apart by case, and the HTTP client sends this one in capital letters: as another method.
            return errors.RefuseAsync(context, StatusCodes.Status501NotImplemented, $"the method is not {HttpMethods.GetCanonicalizedValue(method)}, and can't be passed on as it is");
        }

        var headers = context.Request.Headers;
        if (headers.ContainsKey(ForwardedHeaders.Loop) && ForwardedHeaders.HopsOf(headers) >= options.MaxHops)
        {
            return errors.RefuseAsync(context, StatusCodes.Status508LoopDetected, $"it has passed {options.MaxHops} gateways: their destinations form a circle");
        }

        if (OwnAnswers.TryAnswer(context))
        {
            return Task.CompletedTask;
        }

        if (!TryReadTarget(context))
        {
            return errors.RefuseAsync(context, StatusCodes.Status400BadRequest, "servers read its path in different ways, which lead to different routes");
        }

        // Before what Connection names is removed: a preview that is asked for and lost would be served by the active slot.
        PreviewRequest.Take(context, hasGatewayField);
        Remove(headers, hasProxyField && !options.TrustedProxies.Contains(context.Connection.RemoteIpAddress));
        return next(context);
    }

    private bool TryReadTarget(HttpContext context)
    {
        var request = context.Request;
        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (ForwardedTarget.IsPlain(raw) || ForwardedTarget.PathAndQueryOf(raw) is not { } target || ForwardedTarget.IsPlain(target))
        {
            return true;
        }

        // Of a whole URI the server decodes slashes too, and of all others it does not.
        var isWholeUri = !raw.StartsWith('/');
        if (isWholeUri ? ForwardedTarget.HasOtherSlashes(target) : !ambiguous.IsClear(request))
        {
            return false;
        }

        // A path with dot segments goes on as the server has resolved it: that is what its route was found by.
        if (!isWholeUri && !request.PathBase.HasValue && !ForwardedTarget.HasDotSegments(target))
        {
            context.Features.Set(new ForwardedTarget(target, request.Path, request.QueryString));
        }

        return true;
    }

    private static void Remove(IHeaderDictionary headers, bool proxyFields)
    {
        var connection = headers.Connection;
        for (var line = 0; line < connection.Count; line++)
        {
            HopByHop.Remove(headers, connection[line]);
        }

        if (proxyFields)
        {
            ForwardedHeaders.RemoveAll(headers);
        }

        if (headers.Host is [""])
        {
            // Legal, but the HTTP client would write it in a line of its own beside the destination's.
            headers.Remove(HeaderNames.Host);
        }

        if (headers.Trailer.Count > 0)
        {
            // The HTTP client sends no trailers, so none are announced.
            headers.Remove(HeaderNames.Trailer);
        }
    }
}

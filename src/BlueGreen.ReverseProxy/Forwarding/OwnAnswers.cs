using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Requests that ask for the gateway itself: <c>OPTIONS *</c>, and <c>TRACE</c> or <c>OPTIONS</c> whose <c>Max-Forwards</c> is used up (RFC 9110, 7.6.2).</summary>
internal static class OwnAnswers
{
    /// <summary>Answers the request if it is for the gateway; else counts the hop.</summary>
    public static bool TryAnswer(HttpContext context)
    {
        var request = context.Request;
        var isOptions = HttpMethods.IsOptions(request.Method);
        if (!isOptions && !HttpMethods.IsTrace(request.Method))
        {
            return false;
        }

        if (isOptions && context.Features.Get<IHttpRequestFeature>()?.RawTarget == "*")
        {
            // Of the server as a whole. The HTTP client can't send this target: it would ask the API for its root instead.
            context.Response.StatusCode = StatusCodes.Status200OK;
            return true;
        }

        var hops = request.Headers[HeaderNames.MaxForwards];
        if (hops.Count != 1 || !long.TryParse(hops[0], NumberStyles.None, CultureInfo.InvariantCulture, out var left))
        {
            return false;
        }

        if (left == 0)
        {
            context.Response.StatusCode = isOptions ? StatusCodes.Status200OK : StatusCodes.Status501NotImplemented;
            return true;
        }

        request.Headers[HeaderNames.MaxForwards] = (left - 1).ToString(CultureInfo.InvariantCulture);
        return false;
    }
}

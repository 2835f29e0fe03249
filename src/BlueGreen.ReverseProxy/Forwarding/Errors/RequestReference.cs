using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>What a request can be found by in somebody's logs: its trace, or the number that the client has given it.</summary>
/// <param name="Name">The name of the field in a problem.</param>
/// <param name="Value">The trace or number.</param>
internal sealed record RequestReference(string Name, string Value)
{
    private const string RequestId = "X-Request-ID";
    private const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("+-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");

    /// <summary>Null where there is none: a number that only this answer has would find nothing.</summary>
    public static RequestReference? Of(HttpContext context)
    {
        // The API is told the same trace, so its logs may have it too.
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            return new("traceId", activity.TraceId.ToHexString());
        }

        var headers = context.Request.Headers;
        return headers.TraceParent is [{ } parent] && ActivityContext.TryParse(parent, traceState: null, out var trace) ? new("traceId", trace.TraceId.ToHexString())
            : headers[RequestId] is [{ Length: > 0 and <= MaxLength } id] && !id.AsSpan().ContainsAnyExcept(Allowed) ? new("requestId", id)
            : null;
    }
}

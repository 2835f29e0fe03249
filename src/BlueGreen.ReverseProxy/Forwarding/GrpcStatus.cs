using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Finds out with which status the API has ended a gRPC call. Asked only of calls, so that other requests pay for a null check.</summary>
internal static class GrpcStatus
{
    private const string Field = "grpc-status";
    private const string ContentType = "application/grpc";

    /// <summary>The status that the API has ended the call with; null if the answer is no gRPC, or somebody else has ended the call.</summary>
    /// <remarks>
    /// A server may end a call without having read all of it. The proxy then reports that the rest of the request has failed; but the
    /// status has come, and nothing comes after it.
    /// </remarks>
    public static byte? Of(HttpContext context, SlotLease lease, ForwarderError error)
    {
        // Trailers that the gateway wrote itself say nothing of the API.
        var response = context.Response;
        if (lease.IsEndedByGateway || !IsGrpc(response.ContentType))
        {
            return null;
        }

        // An answer of headers alone ("Trailers-Only") has it among them.
        var status = response.Headers[Field];
        if (StringValues.IsNullOrEmpty(status))
        {
            status = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers[Field] ?? StringValues.Empty;
        }

        // Without it, a client goes by the HTTP status; 200 is none that says how the call has ended.
        return !StringValues.IsNullOrEmpty(status) ? GrpcStatusNames.Read(status[0])
            : error == ForwarderError.None && response.StatusCode == StatusCodes.Status200OK ? (byte)GrpcStatusNames.Missing
            : null;
    }

    // Not gRPC-Web, which carries its trailers in the body.
    private static bool IsGrpc(string? type) =>
        type is not null && type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) && (type.Length == ContentType.Length || type[ContentType.Length] is ';' or '+');
}

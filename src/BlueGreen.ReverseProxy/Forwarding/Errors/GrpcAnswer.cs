using System.Text;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>gRPC calls: how they are recognized, and how they are told of an error.</summary>
internal static class GrpcAnswer
{
    private const string Grpc = "application/grpc";

    /// <summary>Whether the request is a gRPC call.</summary>
    public static bool IsCall(HttpRequest request) =>
        (HttpProtocol.IsHttp2(request.Protocol) || HttpProtocol.IsHttp3(request.Protocol))
        && request.ContentType is { } type
        && type.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase)
        && (type.Length == Grpc.Length || type[Grpc.Length] is ';' or '+');

    /// <summary>Sets up an answer that is headers alone ("Trailers-Only"): HTTP 200 with the status of the call among them.</summary>
    public static void Set(HttpResponse response, ErrorDetails error)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = Grpc;
        response.ContentLength = null;
        response.Headers["grpc-status"] = StatusOf(error.Status);
        response.Headers["grpc-message"] = Encode(error.Detail);
    }

    // As a client would map the HTTP status itself: http-grpc-status-mapping.md of gRPC.
    private static string StatusOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest or StatusCodes.Status431RequestHeaderFieldsTooLarge => "13", // INTERNAL
        StatusCodes.Status401Unauthorized => "16", // UNAUTHENTICATED
        StatusCodes.Status403Forbidden => "7", // PERMISSION_DENIED
        StatusCodes.Status404NotFound => "12", // UNIMPLEMENTED
        StatusCodes.Status429TooManyRequests
            or StatusCodes.Status502BadGateway
            or StatusCodes.Status503ServiceUnavailable
            or StatusCodes.Status504GatewayTimeout => "14", // UNAVAILABLE
        _ => "2", // UNKNOWN
    };

    // Visible ASCII as it is, everything else as the bytes of UTF-8.
    private static string Encode(string message)
    {
        var encoded = new StringBuilder(message.Length);
        foreach (var value in Encoding.UTF8.GetBytes(message))
        {
            _ = value is >= (byte)' ' and <= (byte)'~' and not (byte)'%' ? encoded.Append((char)value) : encoded.Append('%').Append(value.ToString("X2", null));
        }

        return encoded.ToString();
    }
}

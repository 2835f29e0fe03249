using Microsoft.AspNetCore.Http;

namespace BlueGreen.AspNetCore;

/// <summary>
/// Answers mirrored requests at once, without running the endpoint: for what must not happen twice. On a controller, an action or the
/// handler of a minimal API. Authorization and the other middleware run as for any request.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class SkipWhenMirroredAttribute : Attribute
{
    /// <summary>The status code of the answer, 200 to 599. Default: 204.</summary>
    public int StatusCode { get; init; } = StatusCodes.Status204NoContent;
}

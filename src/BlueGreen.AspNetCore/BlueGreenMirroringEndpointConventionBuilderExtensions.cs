using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.AspNetCore;

/// <summary>Has endpoints answer mirrored requests at once.</summary>
public static class BlueGreenMirroringEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Answers mirrored requests at once, without running the endpoint: for what must not happen twice. Authorization and the other
    /// middleware run as for any request. Needs <c>AddBlueGreenMirroring</c>.
    /// </summary>
    /// <typeparam name="TBuilder">The endpoint's, or a group's.</typeparam>
    /// <param name="builder">The endpoint, or a group of endpoints.</param>
    /// <param name="statusCode">The status code of the answer, 200 to 599.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such status code can be answered.</exception>
    public static TBuilder SkipWhenMirrored<TBuilder>(this TBuilder builder, int statusCode = StatusCodes.Status204NoContent)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 599);
        return builder.WithMetadata(new SkipWhenMirroredAttribute { StatusCode = statusCode });
    }
}

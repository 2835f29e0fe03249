using BlueGreen.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Admin;

internal static class OperationMetadata
{
    public static RouteHandlerBuilder StartsRelease(this RouteHandlerBuilder builder) => builder
        .Produces<Release>()
        .Produces<Release>(StatusCodes.Status202Accepted);
}

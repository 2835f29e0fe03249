using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Tells the requests of a service apart as <c>Bake:StratifyBy</c> says.</summary>
internal static class RequestStratum
{
    private const string NoHeader = "(none)";

    public static byte Of(HttpContext context, RouteModel route, StratumNames strata) => strata.By.Kind switch
    {
        StratifyKind.Route => strata.Add(route.Config.RouteId),
        StratifyKind.Method => strata.Add(context.Request.Method),
        StratifyKind.Path => strata.Add(context.Request.Path.Value ?? ""),
        StratifyKind.Header => strata.Add(context.Request.Headers[strata.By.Header!] is [{ Length: > 0 } value, ..] ? value : NoHeader),
        _ => 0,
    };
}

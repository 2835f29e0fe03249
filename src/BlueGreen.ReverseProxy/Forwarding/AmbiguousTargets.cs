using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Finds targets that would be a way around a route: the gateway matches one route, and an API that reads the path in another way
/// serves what another route, or none, is for. Methods, fields and constraints of the routes are left out of it: the paths decide.
/// </summary>
internal sealed class AmbiguousTargets(IProxyStateLookup routes)
{
    // A template is parsed once per route, however many requests ask.
    private readonly ConditionalWeakTable<RouteConfig, PathPattern> _patterns = [];

    /// <summary>Whether every reading of the request's path leads to the same routes.</summary>
    public bool IsClear(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        var readings = PathReadings.Of(path);
        if (readings.Count == 0)
        {
            return true;
        }

        var host = request.Host.Value ?? "";
        foreach (var route in routes.GetRoutes())
        {
            if (route.Config.Match.Path is { Length: > 0 } && IsOfHost(route.Config, host))
            {
                var pattern = _patterns.GetValue(route.Config, static config => new PathPattern(config.Match.Path!));
                var matches = pattern.Matches(path);
                foreach (var reading in readings)
                {
                    if (pattern.Matches(reading) != matches)
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    private static bool IsOfHost(RouteConfig route, string host) =>
        route.Match.Hosts is not { Count: > 0 } hosts || host.Length == 0 || HostString.MatchesAny(host, [.. hosts.Select(static name => NameOf(name))]);

    private static StringSegment NameOf(string host) => new HostString(host).Host;
}

using System.Collections.Frozen;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>Finds a service's preview host by the host of a request.</summary>
internal static class PreviewHosts
{
    public static PreviewHostOptions? Find(FrozenDictionary<string, PreviewHostOptions> hosts, HostString host)
    {
        // The property Host would allocate; the port does not matter, and a dot at the end names the same host.
        var name = host.Value.AsSpan();
        var colon = name.IndexOf(':');
        name = (colon < 0 ? name : name[..colon]).TrimEnd('.');
        return hosts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var found) ? found : null;
    }
}

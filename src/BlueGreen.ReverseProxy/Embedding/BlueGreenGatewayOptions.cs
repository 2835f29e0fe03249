namespace BlueGreen.ReverseProxy.Embedding;

/// <summary>What a host leaves out of the gateway because it does it in its own way.</summary>
public sealed class BlueGreenGatewayOptions
{
    /// <summary>
    /// The section that YARP's routes and clusters are loaded from; null for none, where the host adds a provider of its own. Default <c>ReverseProxy</c>.
    /// </summary>
    public string? ProxySection { get; set; } = "ReverseProxy";

    /// <summary>The admin API on listeners of its own, at <c>BlueGreen:Admin:Urls</c>. Without it, orders come from <c>IBlueGreen</c> alone. Default true.</summary>
    public bool AdminListener { get; set; } = true;

    /// <summary>A stop that accepts no more connections before it ends the ones that are open, ports that are shared, and sockets from systemd. Default true.</summary>
    public bool Listeners { get; set; } = true;

    /// <summary>Tells HTTP/1.1 clients with their last answer that the gateway is about to stop. Default true.</summary>
    public bool ConnectionClose { get; set; } = true;

    /// <summary>
    /// Refuses requests that two servers could read differently, and takes out of a request what only a trusted proxy may say. Concerns every
    /// request of the host, also those to endpoints of its own. Default true.
    /// </summary>
    public bool RequestGuard { get; set; } = true;

    /// <summary>Carries out the timeouts, rate limits and CORS policies that routes name. Default true.</summary>
    public bool RoutePolicies { get; set; } = true;
}

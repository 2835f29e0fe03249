namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Forwarding</c>.</summary>
public sealed record ForwardingOptions
{
    /// <summary>The peers whose <c>X-Forwarded-*</c> are believed. Default none: what a client sends of them is replaced.</summary>
    public NetworkSet TrustedProxies { get; init; } = NetworkSet.None;

    /// <summary>Through how many gateways a request may pass; one more answers 508. Default 5.</summary>
    public int MaxHops { get; init; } = 5;
}

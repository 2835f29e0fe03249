using System.Collections.Frozen;
using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>The <c>BlueGreen</c> section of the configuration, read and validated.</summary>
public sealed record BlueGreenOptions
{
    /// <summary>The administration API.</summary>
    public AdminOptions Admin { get; init; } = new();

    /// <summary>Where the state is kept.</summary>
    public StateOptions State { get; init; } = new();

    /// <summary>How proxied traffic is listened for.</summary>
    public ListenerOptions Listen { get; init; } = new();

    /// <summary>What of a request is passed on, and what is refused.</summary>
    public ForwardingOptions Forwarding { get; init; } = new();

    /// <summary>Where destinations may be.</summary>
    public DestinationOptions Destinations { get; init; } = new();

    /// <summary>The policies that routes name.</summary>
    public RoutePolicyOptions Policies { get; init; } = new();

    /// <summary>The key by which APIs recognize mirrored requests.</summary>
    public MirroringOptions Mirroring { get; init; } = new();

    /// <summary>How the gateway itself stops.</summary>
    public ShutdownOptions Shutdown { get; init; } = new();

    /// <summary>What the gateway adds to proxied responses.</summary>
    public ResponseHeaderOptions ResponseHeaders { get; init; } = new();

    /// <summary>Files for errors of the gateway's own, of all services and of requests that belong to none.</summary>
    public ErrorPageOptions ErrorPages { get; init; } = new();

    /// <summary>Who is told of releases, by name in order.</summary>
    public ImmutableArray<HookOptions> Hooks { get; init; } = [];

    /// <summary>The services by name; names are compared without regard to case.</summary>
    public FrozenDictionary<string, ServiceOptions> Services { get; init; } = FrozenDictionary<string, ServiceOptions>.Empty;
}

using System.Collections.Frozen;
using System.Collections.Immutable;
using BlueGreen.Contracts;

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

    /// <summary>How the gateway itself stops.</summary>
    public ShutdownOptions Shutdown { get; init; } = new();

    /// <summary>What the gateway adds to proxied responses.</summary>
    public ResponseHeaderOptions ResponseHeaders { get; init; } = new();

    /// <summary>Who is told of releases, by name in order.</summary>
    public ImmutableArray<HookOptions> Hooks { get; init; } = [];

    /// <summary>The services by name; names are compared without regard to case.</summary>
    public FrozenDictionary<string, ServiceOptions> Services { get; init; } = FrozenDictionary<string, ServiceOptions>.Empty;
}

/// <summary><c>BlueGreen:State</c>.</summary>
public sealed record StateOptions
{
    /// <summary>The folder of the state document and the journals, relative to the working folder. Default <c>state</c>.</summary>
    public string Directory { get; init; } = "state";

    /// <summary>How long to wait at start for a folder that another gateway still has. Default 0: not at all.</summary>
    public TimeSpan LockTimeout { get; init; }
}

/// <summary><c>BlueGreen:Listen</c>.</summary>
public sealed record ListenerOptions
{
    /// <summary>Whether a second process may listen on the same ports, to take over from this one. Linux only. Default false.</summary>
    public bool ReusePort { get; init; }

    /// <summary>How many connections are open at once at the most; one more is closed at once. Default 20,000; 0: no limit.</summary>
    public int MaxConnections { get; init; } = DefaultMaxConnections;

    /// <summary>
    /// How many of them one client address may have; of IPv6, one network of 64 bits. Those of trusted proxies are not counted.
    /// Default null: 1,000, and any number for the addresses of the machine itself; 0: no limit.
    /// </summary>
    public int? MaxConnectionsPerAddress { get; init; }

    internal const int DefaultMaxConnections = 20_000;

    internal const int DefaultMaxConnectionsPerAddress = 1_000;
}

/// <summary><c>BlueGreen:Forwarding</c>.</summary>
public sealed record ForwardingOptions
{
    /// <summary>The peers whose <c>X-Forwarded-*</c> are believed. Default none: what a client sends of them is replaced.</summary>
    public NetworkSet TrustedProxies { get; init; } = NetworkSet.None;

    /// <summary>Through how many gateways a request may pass; one more answers 508. Default 5.</summary>
    public int MaxHops { get; init; } = 5;
}

/// <summary><c>BlueGreen:Destinations</c>.</summary>
public sealed record DestinationOptions
{
    /// <summary>
    /// Where destinations may be. Default none named: everywhere but link-local addresses and the metadata services of clouds, which
    /// only a network within their range allows.
    /// </summary>
    public NetworkSet AllowedNetworks { get; init; } = NetworkSet.None;
}

/// <summary><c>BlueGreen:Shutdown</c>: from the signal to stop to the end of the process.</summary>
public sealed record ShutdownOptions
{
    /// <summary>
    /// How long connections are still accepted while <c>/healthz/ready</c> answers 503, so that a load balancer notices. With shared
    /// listeners it ends earlier, as soon as the successor serves. Default 0.
    /// </summary>
    public TimeSpan Delay { get; init; } = TimeSpan.Zero;

    /// <summary>How long everything that is in flight may then take. Default 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long idle HTTP/1.1 connections are kept for one last request, of that time. Default 5 s.</summary>
    public TimeSpan IdleConnections { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary><c>BlueGreen:ResponseHeaders</c>.</summary>
public sealed record ResponseHeaderOptions
{
    /// <summary>Whether responses carry <c>X-Environment: blue|green</c> in place of what the API sent. Default true.</summary>
    public bool Environment { get; init; } = true;

    /// <summary>Whether responses without <c>X-API-Version</c> get the slot's version. Default true.</summary>
    public bool Version { get; init; } = true;
}

/// <summary>One entry of <c>BlueGreen:Services</c>.</summary>
public sealed record ServiceOptions
{
    /// <summary>The service's name.</summary>
    public required string Name { get; init; }

    /// <summary>The id of the YARP cluster of the blue slot.</summary>
    public required string Blue { get; init; }

    /// <summary>The id of the YARP cluster of the green slot.</summary>
    public required string Green { get; init; }

    /// <summary>The slot that takes traffic until a state has been stored. Default blue.</summary>
    public SlotName InitialActive { get; init; } = SlotName.Blue;

    /// <summary>How the destinations are probed.</summary>
    public HealthOptions Health { get; init; } = new();

    /// <summary>How long the old slot may finish what it has begun. Default 5 minutes.</summary>
    public TimeSpan DrainTimeout { get; init; } = DefaultDrainTimeout;

    /// <summary>What happens to WebSockets and streams within that time.</summary>
    public LongLivedOptions LongLived { get; init; } = new();

    /// <summary>How the new slot is watched after the switch.</summary>
    public BakeOptions Bake { get; init; } = new();

    /// <summary>How much of the old slot the new one has to match.</summary>
    public CapacityOptions Capacity { get; init; } = new();

    /// <summary>What is requested of the new slot before the switch.</summary>
    public WarmUpOptions WarmUp { get; init; } = new();

    /// <summary>How long a release waits for its approval before it ends as aborted. Default 24 hours.</summary>
    public TimeSpan ApprovalTimeout { get; init; } = DefaultApprovalTimeout;

    /// <summary>How long after a successful bake the old slot may be taken down. Default 24 hours.</summary>
    public TimeSpan DecommissionAfter { get; init; } = DefaultDecommissionAfter;

    internal static TimeSpan DefaultDrainTimeout { get; } = TimeSpan.FromMinutes(5);

    internal static TimeSpan DefaultApprovalTimeout { get; } = TimeSpan.FromHours(24);

    internal static TimeSpan DefaultDecommissionAfter { get; } = TimeSpan.FromHours(24);

    /// <summary>The YARP cluster of a slot.</summary>
    public string ClusterOf(SlotName slot) => slot == SlotName.Blue ? Blue : Green;
}

/// <summary><c>BlueGreen:Services:{name}:Drain:LongLived</c>: WebSockets, server-sent events and gRPC streams.</summary>
public sealed record LongLivedOptions
{
    /// <summary>The close code that says "service restart": clients reconnect, after a random delay.</summary>
    public const int ServiceRestart = 1012;

    /// <summary>The close code that says "going away".</summary>
    public const int GoingAway = 1001;

    /// <summary>How long they go on as before after the switch. Default 1 minute.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Over how long they are then closed, evenly, so that not all clients reconnect at once. Default 1 minute.</summary>
    public TimeSpan Spread { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The status code of the WebSocket close frames: <see cref="ServiceRestart"/> (default) or <see cref="GoingAway"/>.</summary>
    public int CloseCode { get; init; } = ServiceRestart;

    /// <summary>How long a response goes on until it counts as a stream, whatever its content. Default 10 s.</summary>
    public TimeSpan StreamAfter { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary><c>BlueGreen:Services:{name}:Health</c>.</summary>
public sealed record HealthOptions
{
    /// <summary>The path of the deep health report, with a leading slash; may carry a query. Default <c>/health</c>.</summary>
    public string Path { get; init; } = "/health";

    /// <summary>The time between two probes of one destination, ±10 %. Default 10 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one probe may take, body included. Default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many consecutive passes make a destination healthy. Default 3.</summary>
    public int HealthyThreshold { get; init; } = 3;

    /// <summary>How many consecutive failures make a destination unhealthy. Default 2.</summary>
    public int UnhealthyThreshold { get; init; } = 2;

    /// <summary>The time between the probes of a verification, and while a destination's health is still unknown. Default 1 s.</summary>
    public TimeSpan VerifyInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The HTTP status codes that pass, such as <c>200</c>, <c>200-299</c> or <c>200,204</c>. Default 200.</summary>
    public StatusCodeSet ExpectStatus { get; init; } = StatusCodeSet.Ok;

    /// <summary>Whether an answer without a readable report fails. Default true.</summary>
    public bool RequireReport { get; init; } = true;

    /// <summary>Whether <c>degraded</c> passes too. Default false.</summary>
    public bool AllowDegraded { get; init; }

    /// <summary>The checks that the report has to contain, passed. Default none.</summary>
    public ImmutableArray<string> RequiredChecks { get; init; } = [];
}

/// <summary><c>BlueGreen:Services:{name}:Capacity</c>: the new slot needs both, as many destinations as the higher of them says.</summary>
public sealed record CapacityOptions
{
    /// <summary>How many destinations of the new slot have to be healthy at the least. Default 1.</summary>
    public int MinDestinations { get; init; } = 1;

    /// <summary>How many in percent of the old slot's destinations, rounded up. Default 0: not asked for.</summary>
    public int MinPercent { get; init; }
}

/// <summary><c>BlueGreen:Services:{name}:WarmUp</c>.</summary>
public sealed record WarmUpOptions
{
    /// <summary>The paths that are requested with GET of every destination. Default none: no warm-up.</summary>
    public ImmutableArray<string> Paths { get; init; } = [];

    /// <summary>How often each path is requested of each destination. Default 10.</summary>
    public int Count { get; init; } = 10;

    /// <summary>How many requests run at once a destination. Default 2.</summary>
    public int Concurrency { get; init; } = 2;

    /// <summary>The HTTP status codes that pass. Default 200-299.</summary>
    public StatusCodeSet ExpectStatus { get; init; } = StatusCodeSet.Success;

    /// <summary>How long one request may take. Default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>One entry of <c>BlueGreen:Hooks</c>: an address that is called when something happens to a release.</summary>
public sealed record HookOptions
{
    /// <summary>The hook's name.</summary>
    public required string Name { get; init; }

    /// <summary>The address, <c>http</c> or <c>https</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>What it is called for.</summary>
    public required ImmutableArray<HookEvent> Events { get; init; }

    /// <summary>The services that it is called for. Default: all.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    /// <summary>The key of the signature; without one, calls are not signed.</summary>
    public string? Secret { get; init; }

    /// <summary>How long one call may take. Default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a hook may go on answering "still working", or a delivery be tried. Default 24 hours.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Whether the hook wants to hear of this, for one of these services.</summary>
    public bool Wants(HookEvent hookEvent, IEnumerable<string> services) =>
        Events.Contains(hookEvent) && (Services.IsEmpty || services.Any(service => Services.Contains(service, StringComparer.OrdinalIgnoreCase)));
}

/// <summary>What a hook can be called for.</summary>
public enum HookEvent
{
    /// <summary>The gates have passed; anything but success rejects the release.</summary>
    PreSwitch = 0,

    /// <summary>Switched.</summary>
    PostSwitch = 1,

    /// <summary>The old slot has drained.</summary>
    Drained = 2,

    /// <summary>The release has succeeded.</summary>
    Succeeded = 3,

    /// <summary>The release was rolled back.</summary>
    RolledBack = 4,

    /// <summary>A gate has failed.</summary>
    Rejected = 5,

    /// <summary>The old slot may be taken down.</summary>
    Decommission = 6,

    /// <summary>The bake found something and waits: for somebody, or for an outage to end.</summary>
    Held = 7,
}

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

    /// <summary>What the gateway adds to proxied responses.</summary>
    public ResponseHeaderOptions ResponseHeaders { get; init; } = new();

    /// <summary>The services by name; names are compared without regard to case.</summary>
    public FrozenDictionary<string, ServiceOptions> Services { get; init; } = FrozenDictionary<string, ServiceOptions>.Empty;
}

/// <summary><c>BlueGreen:Admin</c>.</summary>
public sealed record AdminOptions
{
    /// <summary>The default of <see cref="Urls"/>.</summary>
    public const string DefaultUrls = "http://127.0.0.1:9090";

    /// <summary>What the administration API listens on, apart from proxied traffic. Default <see cref="DefaultUrls"/>.</summary>
    public ImmutableArray<string> Urls { get; init; } = [DefaultUrls];

    /// <summary>Who may call. With none, the API is open, which only a loopback address may be.</summary>
    public ImmutableArray<AdminToken> Tokens { get; init; } = [];
}

/// <summary>One entry of <c>BlueGreen:Admin:Tokens</c>.</summary>
/// <param name="Name">The actor's name in the history and the audit journal.</param>
/// <param name="Sha256">The SHA-256 of the token's UTF-8 bytes, 32 bytes.</param>
/// <param name="Role">What the token may do.</param>
public sealed record AdminToken(string Name, ImmutableArray<byte> Sha256, AdminRole Role);

/// <summary>What a token may do; each role includes the ones before it.</summary>
public enum AdminRole
{
    /// <summary>Look at everything.</summary>
    Viewer = 0,

    /// <summary>Deploy, cut over, roll back, approve, abort, finish.</summary>
    Operator = 1,

    /// <summary>Everything.</summary>
    Admin = 2,
}

/// <summary><c>BlueGreen:State</c>.</summary>
public sealed record StateOptions
{
    /// <summary>The folder of the state document and the journals, relative to the working folder. Default <c>state</c>.</summary>
    public string Directory { get; init; } = "state";
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

    /// <summary>How long the new slot is watched after the switch. Default 15 minutes.</summary>
    public TimeSpan BakeDuration { get; init; } = DefaultBakeDuration;

    /// <summary>How long after a successful bake the old slot may be taken down. Default 24 hours.</summary>
    public TimeSpan DecommissionAfter { get; init; } = DefaultDecommissionAfter;

    internal static TimeSpan DefaultDrainTimeout { get; } = TimeSpan.FromMinutes(5);

    internal static TimeSpan DefaultBakeDuration { get; } = TimeSpan.FromMinutes(15);

    internal static TimeSpan DefaultDecommissionAfter { get; } = TimeSpan.FromHours(24);

    /// <summary>The YARP cluster of a slot.</summary>
    public string ClusterOf(SlotName slot) => slot == SlotName.Blue ? Blue : Green;
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

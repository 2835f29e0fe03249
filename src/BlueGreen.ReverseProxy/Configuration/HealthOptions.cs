using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

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

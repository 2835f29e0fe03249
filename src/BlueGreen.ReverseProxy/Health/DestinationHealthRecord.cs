using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>What is known of one destination's health. Immutable.</summary>
/// <param name="State">By thresholds over consecutive probes.</param>
/// <param name="Passes">Consecutive passes up to now.</param>
/// <param name="Failures">Consecutive failures up to now.</param>
/// <param name="LastProbe">The newest probe.</param>
/// <param name="Version">The version in the newest report that named one.</param>
internal sealed record DestinationHealthRecord(HealthState State, int Passes, int Failures, ProbeStatus? LastProbe, string? Version)
{
    public static DestinationHealthRecord NotProbed { get; } = new(HealthState.Unknown, 0, 0, null, null);

    public DestinationHealthRecord After(ProbeStatus probe, HealthOptions options)
    {
        var passes = probe.Passed ? Passes + 1 : 0;
        var failures = probe.Passed ? 0 : Failures + 1;
        var state = passes >= options.HealthyThreshold ? HealthState.Healthy
            : failures >= options.UnhealthyThreshold ? HealthState.Unhealthy
            : State;
        return new DestinationHealthRecord(state, passes, failures, probe, probe.Report?.Version ?? Version);
    }
}

using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>
/// YARP's two policies for which destinations take traffic, with the results of the deep health probes counted though YARP's own
/// active checks are off.
/// </summary>
internal sealed class SlotDestinationsPolicy : IAvailableDestinationsPolicy
{
    private const string Prefix = "BlueGreen.";

    private readonly bool _panics;

    private SlotDestinationsPolicy(string name, bool panics)
    {
        Name = Prefix + name;
        _panics = panics;
    }

    /// <summary>Without a healthy destination there is none.</summary>
    public static SlotDestinationsPolicy HealthyAndUnknown { get; } = new(HealthCheckConstants.AvailableDestinations.HealthyAndUnknown, panics: false);

    /// <summary>Without a healthy destination all are tried: a wrong measurement must not take the service down.</summary>
    public static SlotDestinationsPolicy HealthyOrPanic { get; } = new(HealthCheckConstants.AvailableDestinations.HealthyOrPanic, panics: true);

    public string Name { get; }

    /// <summary>The name of the policy that stands in for the configured one; a policy of the user's own stays.</summary>
    public static string Replacing(string? configured) =>
        configured is null || string.Equals(configured, HealthCheckConstants.AvailableDestinations.HealthyOrPanic, StringComparison.OrdinalIgnoreCase)
            ? HealthyOrPanic.Name
            : string.Equals(configured, HealthCheckConstants.AvailableDestinations.HealthyAndUnknown, StringComparison.OrdinalIgnoreCase)
                ? HealthyAndUnknown.Name
                : configured;

    public IReadOnlyList<DestinationState> GetAvailalableDestinations(ClusterConfig config, IReadOnlyList<DestinationState> allDestinations)
    {
        var passive = config.HealthCheck?.Passive?.Enabled ?? false;
        var available = allDestinations
            .Where(destination => destination.Health.Active != DestinationHealth.Unhealthy
                && (!passive || destination.Health.Passive != DestinationHealth.Unhealthy))
            .ToList();
        return available.Count == 0 && _panics ? allDestinations : available;
    }
}

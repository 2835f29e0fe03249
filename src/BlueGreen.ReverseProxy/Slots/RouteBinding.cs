using BlueGreen.Contracts;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>What a request on one YARP route needs to be served by either slot.</summary>
/// <param name="Service">The service that the route belongs to; null for a plain YARP route.</param>
/// <param name="Blue">How blue serves the route.</param>
/// <param name="Green">How green serves the route.</param>
internal sealed record RouteBinding(Service? Service, SlotRoute? Blue, SlotRoute? Green)
{
    public static RouteBinding Plain { get; } = new(null, null, null);

    public SlotRoute? this[SlotName slot] => slot == SlotName.Blue ? Blue : Green;
}

/// <summary>A route as one slot serves it: load balancing, affinity, passive health and telemetry all read the cluster of the model.</summary>
/// <param name="Model">The route with the slot's cluster and the transforms built for it.</param>
/// <param name="Cluster">The slot's cluster.</param>
/// <param name="BuiltFor">The configuration of the cluster that the transforms were built for.</param>
internal sealed record SlotRoute(RouteModel Model, ClusterState Cluster, ClusterModel BuiltFor);

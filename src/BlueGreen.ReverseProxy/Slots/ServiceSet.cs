using System.Collections.Frozen;
using System.Collections.Immutable;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>The services that are configured at one moment. Immutable.</summary>
internal sealed class ServiceSet
{
    private readonly FrozenDictionary<string, Service> _byName;
    private readonly FrozenDictionary<string, (Service Service, Slot Slot)> _byCluster;

    public ServiceSet(IEnumerable<Service> services)
    {
        All = [.. services.OrderBy(service => service.Name, StringComparer.Ordinal)];
        _byName = All.ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase);
        _byCluster = All
            .SelectMany(service => SlotNames.All.Select(slot => (Service: service, Slot: service[slot])))
            .ToFrozenDictionary(entry => entry.Slot.ClusterId, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All of them, by name in order.</summary>
    public ImmutableArray<Service> All { get; }

    public bool Contains(Service service) => ReferenceEquals(Find(service.Name), service);

    public Service? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The slot that a cluster is; null for a cluster that belongs to no service.</summary>
    public (Service Service, Slot Slot)? FindByCluster(string? clusterId) =>
        clusterId is not null && _byCluster.TryGetValue(clusterId, out var entry) ? entry : null;
}

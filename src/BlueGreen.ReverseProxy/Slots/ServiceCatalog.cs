using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>The configured services, by name and by the cluster of a slot. Fixed for as long as the process lives.</summary>
internal sealed class ServiceCatalog
{
    private readonly FrozenDictionary<string, Service> _byName;
    private readonly FrozenDictionary<string, (Service Service, Slot Slot)> _byCluster;

    public ServiceCatalog(BlueGreenOptions options, TimeProvider? time = null)
    {
        All =
        [
            .. options.Services.Values
                .OrderBy(service => service.Name, StringComparer.Ordinal)
                .Select((service, index) => new Service(index, service, time ?? TimeProvider.System)),
        ];
        _byName = All.ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase);
        _byCluster = All
            .SelectMany(service => SlotNames.All.Select(slot => (Service: service, Slot: service[slot])))
            .ToFrozenDictionary(entry => entry.Slot.ClusterId, StringComparer.OrdinalIgnoreCase);
    }

    public ImmutableArray<Service> All { get; }

    /// <summary>The service of this name, which is known to be configured.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public Service Get(string name) =>
        TryGet(name, out var service) ? service : throw new InvalidOperationException($"Service {name} is not configured.");

    public bool TryGet(string name, [NotNullWhen(true)] out Service? service) => _byName.TryGetValue(name, out service);

    public bool TryGetByCluster(string? clusterId, out (Service Service, Slot Slot) entry)
    {
        if (clusterId is null)
        {
            entry = default;
            return false;
        }

        return _byCluster.TryGetValue(clusterId, out entry);
    }
}

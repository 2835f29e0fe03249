using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>The configured services, by name and by the cluster of a slot. A reload of the configuration replaces the set as a whole.</summary>
/// <remarks>
/// A <see cref="Service"/> keeps its identity over reloads: its index, its slots with what is in flight on them, their meters. So does one
/// that is removed and comes back with the same clusters, for what was in flight may still be. No index is ever given to another service.
/// <para>
/// There are two sets. <see cref="Current"/> is what releases and the admin API see. <see cref="Loaded"/> is what belongs to the routes and
/// clusters that YARP has loaded last; it runs ahead while YARP applies a reload, which is why the two can differ for some milliseconds.
/// </para>
/// </remarks>
internal sealed class ServiceCatalog
{
    private readonly CurrentOptions _options;
    private readonly TimeProvider _time;
    private ImmutableArray<Service> _known = [];
    private ServiceSet _current;
    private ServiceSet _loaded;
    private ServiceSet? _next;

    public ServiceCatalog(BlueGreenOptions options, TimeProvider? time = null)
        : this(new CurrentOptions(options), time)
    {
    }

    public ServiceCatalog(CurrentOptions options, TimeProvider? time = null)
    {
        _options = options;
        _time = time ?? TimeProvider.System;
        _current = _loaded = Prepare(options.Value.Services.Values);
    }

    public ServiceSet Current => Volatile.Read(ref _current);

    /// <summary>The services of YARP's newest load.</summary>
    public ServiceSet Loaded => Volatile.Read(ref _loaded);

    public ImmutableArray<Service> All => Current.All;

    /// <summary>Every service that this process has had, the removed ones too: requests may still be in flight on them.</summary>
    public ImmutableArray<Service> Known => _known;

    /// <summary>Ends when services or their options have changed. Take it before you read them.</summary>
    public Task NextChange => _options.NextChange;

    /// <summary>The service of this name, which is known to be configured.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public Service Get(string name) =>
        TryGet(name, out var service) ? service : throw new InvalidOperationException($"Service {name} is not configured.");

    public bool TryGet(string name, [NotNullWhen(true)] out Service? service)
    {
        service = Current.Find(name);
        return service is not null;
    }

    /// <summary>The slot that a cluster is, by YARP's newest load.</summary>
    public bool TryGetByCluster(string? clusterId, out (Service Service, Slot Slot) entry)
    {
        var found = Loaded.FindByCluster(clusterId);
        entry = found.GetValueOrDefault();
        return found is not null;
    }

    /// <summary>Whether something may begin that needs the service to stay: false from when its removal was decided.</summary>
    public bool IsOpen(string name) => Current.Find(name) is { } service && IsOpen(service);

    /// <summary>The same of a service that was looked up before.</summary>
    public bool IsOpen(Service service) => Current.Contains(service) && Volatile.Read(ref _next)?.Contains(service) != false;

    /// <summary>The set of these services. Nobody sees it yet. One caller at a time.</summary>
    public ServiceSet Prepare(IEnumerable<ServiceOptions> wanted)
    {
        var services = wanted.OrderBy(options => options.Name, StringComparer.Ordinal).Select(Identify).ToList();
        return new ServiceSet(services);
    }

    /// <summary>From now on nothing begins for services that are not in this set; null takes that back.</summary>
    public void Announce(ServiceSet? next) => Volatile.Write(ref _next, next);

    /// <summary>YARP begins to load the routes and clusters that belong to this set.</summary>
    public void BeginLoad(ServiceSet set) => Volatile.Write(ref _loaded, set);

    /// <summary>Makes the set that YARP has loaded the current one, and the options with it.</summary>
    public void Replace(ServiceSet set, BlueGreenOptions options)
    {
        foreach (var gone in Current.All.Where(service => !set.Contains(service)))
        {
            gone.KeepOptions();
        }

        Volatile.Write(ref _loaded, set);
        Volatile.Write(ref _current, set);
        Announce(null);
        _options.Replace(options);
        foreach (var service in set.All)
        {
            service.FollowOptions();
        }
    }

    private Service Identify(ServiceOptions options)
    {
        var known = _known.FirstOrDefault(service =>
            service.Name.Equals(options.Name, StringComparison.OrdinalIgnoreCase)
            && service.Blue.ClusterId.Equals(options.Blue, StringComparison.OrdinalIgnoreCase)
            && service.Green.ClusterId.Equals(options.Green, StringComparison.OrdinalIgnoreCase));
        if (known is null)
        {
            known = new Service(_known.Length, options, _time, _options);
            ImmutableInterlocked.Update(ref _known, static (all, added) => all.Add(added), known);
        }

        return known;
    }
}

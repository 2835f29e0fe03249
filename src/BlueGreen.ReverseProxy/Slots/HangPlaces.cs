using System.Globalization;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Where the requests that hang are: at which destination, of which route. Of those that still wait a sample; bounded, thread-safe.</summary>
/// <remarks>
/// A request that waits takes one of the cells if that is free, and leaves it with its answer. Those that hang don't leave, so the cells fill
/// up with them by themselves, whatever the rate of the others.
/// </remarks>
internal sealed class HangPlaces
{
    private const int Cells = 64;
    private const int MostPlaces = 16;
    private const int MostShown = 3;

    private readonly SlotLease?[] _waiting = new SlotLease?[Cells];
    private readonly Lock _gate = new();
    private readonly Dictionary<(string? Destination, byte Stratum), long> _late = [];
    private long _lateElsewhere;

    /// <summary>A request begins to wait.</summary>
    /// <returns>Its cell, for <see cref="Leave"/>; -1 for none.</returns>
    public int Enter(SlotLease lease)
    {
        var cell = Random.Shared.Next(Cells);
        return Interlocked.CompareExchange(ref _waiting[cell], lease, null) is null ? cell : -1;
    }

    public void Leave(int cell, SlotLease lease)
    {
        if (cell >= 0)
        {
            Interlocked.CompareExchange(ref _waiting[cell], null, lease);
        }
    }

    /// <summary>A request was answered, or given up, after the limit.</summary>
    public void AddLate(string? destination, byte stratum)
    {
        lock (_gate)
        {
            var place = (destination, stratum);
            if (_late.Count < MostPlaces || _late.ContainsKey(place))
            {
                _late[place] = _late.GetValueOrDefault(place) + 1;
            }
            else
            {
                _lateElsewhere++;
            }
        }
    }

    /// <summary>Such as <c>of 40 looked at, all at destination g2 and of route orders-pay</c>; null where there are none.</summary>
    /// <param name="isOverdue">Whether a request that began to wait at a monotonic time hangs.</param>
    /// <param name="nameOf">The name of a stratum; null where requests are not told apart.</param>
    public string? Describe(Func<long, bool> isOverdue, Func<byte, string>? nameOf)
    {
        Dictionary<(string? Destination, byte Stratum), long> places;
        long all;
        lock (_gate)
        {
            (places, all) = (new(_late), _lateElsewhere);
        }

        foreach (ref var cell in _waiting.AsSpan())
        {
            if (Volatile.Read(ref cell) is { } lease && isOverdue(lease.StartedAt))
            {
                var place = (lease.Destination, lease.Stratum);
                places[place] = places.GetValueOrDefault(place) + 1;
            }
        }

        all += places.Values.Sum();
        var destinations = Shares(places.GroupBy(place => place.Key.Destination ?? "", place => place.Value), all, "at destination");
        var routes = nameOf is null ? null : Shares(places.GroupBy(place => nameOf(place.Key.Stratum), place => place.Value), all, "of");
        var parts = new[] { destinations, routes }.Where(part => part is not null).ToList();
        return parts.Count == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"of {all} looked at, {string.Join("; ", parts)}");
    }

    private static string? Shares(IEnumerable<IGrouping<string, long>> places, long all, string relation)
    {
        var counts = places.Where(place => place.Key.Length > 0).Select(place => (Name: place.Key, Count: place.Sum())).OrderByDescending(place => place.Count).ThenBy(place => place.Name, StringComparer.Ordinal).ToList();
        return counts.Count == 0 ? null
            : counts[0].Count == all ? $"{(all == 1 ? "it was" : "all")} {relation} {counts[0].Name}"
            : string.Join(", ", counts.Take(MostShown).Select(place => string.Create(CultureInfo.InvariantCulture, $"{place.Count} {relation} {place.Name}")));
    }
}

using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>What a place in the answers of a route comes to.</summary>
internal enum DifferenceVerdict
{
    /// <summary>The standby differs, significantly more often than the active slot differs from itself.</summary>
    Different = 0,

    /// <summary>The standby differs, and the active slot was not seen to differ from itself. Too little was seen to be sure.</summary>
    Suspected = 1,

    /// <summary>The active slot differs from itself too, and the standby not significantly more often.</summary>
    Noise = 2,
}

/// <summary>A place in the answers of a route, and how often it has differed.</summary>
/// <param name="Route">The route's id.</param>
/// <param name="Path">See <see cref="Difference"/>.</param>
/// <param name="Differ">Pairs of the slots that differ here.</param>
/// <param name="NoiseDiffer">Pairs of the active slot's own answers that differ here.</param>
/// <param name="Evidence">Of the requests that were answered by the active slot twice: those where only one of the two others differed from its first answer.</param>
/// <param name="Sample">The newest that differed between the slots.</param>
/// <param name="SampledAt">When that was (UTC).</param>
internal sealed record FoundDifference(string Route, string Path, long Differ, long NoiseDiffer, SplitEvidence Evidence, Difference? Sample, DateTimeOffset SampledAt)
{
    // ln 1000: at most one place in a thousand is called different that is not, however often the report is looked at.
    private static readonly double Threshold = Math.Log(1000);

    public DifferenceVerdict Verdict => Evidence.LnE >= Threshold ? DifferenceVerdict.Different : NoiseDiffer > 0 ? DifferenceVerdict.Noise : DifferenceVerdict.Suspected;
}

/// <summary>What was compared of one route.</summary>
/// <param name="Route">Its id.</param>
/// <param name="Compared">Pairs of the slots.</param>
/// <param name="NoiseCompared">Pairs of the active slot's own answers.</param>
internal sealed record ComparedRoute(string Route, long Compared, long NoiseCompared);

/// <summary>Collects the differences of a mirror, by route and place. Bounded.</summary>
/// <remarks>
/// Noise is measured. Some requests go to the active slot twice. If the standby behaves as the active slot does, its answer and the second
/// one of the active slot differ from the first one equally often. So of the requests where exactly one of them differs at a place, the
/// standby is the one with probability 1/2, whatever is random there: <see cref="SplitEvidence"/> at half and half, which may be looked at any time.
/// </remarks>
internal sealed class DifferenceReport
{
    public const int MostPlaces = 500;
    public const int MostRoutes = 500;

    private const int MostTogether = 20;
    private const int MostCombinations = 1000;
    private const int Half = TrafficSplit.Whole / 2;
    private const string Others = "(other routes)";

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Route, string Path), FoundDifference> _places = [];
    private readonly Dictionary<string, ComparedRoute> _routes = new(StringComparer.Ordinal);
    private readonly long[] _active = new long[LatencyBuckets.Count];
    private readonly long[] _standby = new long[LatencyBuckets.Count];
    private long _compared;
    private long _different;
    private long _bodiesNotKept;
    private long _placesLeftOut;

    // How many requests differed at which places together, so that a request with two different places is one request. Bounded: what is over
    // the limits is counted by place, which may count a request twice, never too few.
    private readonly Dictionary<string, long> _together = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Route, string Path), long> _apart = [];
    private readonly Dictionary<(string Route, string Path), char> _letters = [];
    private readonly List<(string Route, string Path)> _byLetter = [];
    private long _requestsApart;

    /// <summary>Takes in what was found in the answers to one request.</summary>
    /// <param name="route">The route's id.</param>
    /// <param name="found">The differences between the slots.</param>
    /// <param name="noise">The differences between two answers of the active slot; null where it was asked once.</param>
    /// <param name="latency">How long both slots took; null where the standby gave no whole answer.</param>
    /// <param name="isBodyKept">Whether the bodies were compared.</param>
    /// <param name="now">The time (UTC).</param>
    public void Add(
        string route, IReadOnlyList<Difference> found, IReadOnlyList<Difference>? noise, (TimeSpan Active, TimeSpan Standby)? latency, bool isBodyKept, DateTimeOffset now)
    {
        lock (_gate)
        {
            _compared++;
            _different += found.Count > 0 ? 1 : 0;
            _bodiesNotKept += isBodyKept ? 0 : 1;
            if (latency is { } both)
            {
                _active[LatencyBuckets.Of((long)both.Active.TotalMicroseconds)]++;
                _standby[LatencyBuckets.Of((long)both.Standby.TotalMicroseconds)]++;
            }

            route = _routes.ContainsKey(route) || _routes.Count < MostRoutes ? route : Others;
            var known = _routes.GetValueOrDefault(route) ?? new(route, 0, 0);
            _routes[route] = known with { Compared = known.Compared + 1, NoiseCompared = known.NoiseCompared + (noise is null ? 0 : 1) };
            foreach (var difference in found)
            {
                var isAlone = noise is not null && !Has(noise, difference.Path);
                Change(route, difference.Path, place => place with
                {
                    Differ = place.Differ + 1,
                    Evidence = isAlone ? place.Evidence.With(isNew: true, Half) : place.Evidence,
                    Sample = difference,
                    SampledAt = now,
                });
            }

            CountTogether(route, found);
            foreach (var difference in noise ?? [])
            {
                var isAlone = !Has(found, difference.Path);
                Change(route, difference.Path, place => place with
                {
                    NoiseDiffer = place.NoiseDiffer + 1,
                    Evidence = isAlone ? place.Evidence.With(isNew: false, Half) : place.Evidence,
                });
            }
        }
    }

    public DifferenceFigures Read()
    {
        lock (_gate)
        {
            return new(
                _compared,
                _different,
                SurelyDifferent_NeedsLock(),
                _bodiesNotKept,
                _placesLeftOut,
                [.. _places.Values.OrderBy(place => place.Verdict).ThenByDescending(place => place.Differ).ThenBy(place => place.Route, StringComparer.Ordinal).ThenBy(place => place.Path, StringComparer.Ordinal)],
                [.. _routes.Values.OrderBy(route => route.Route, StringComparer.Ordinal)],
                (Percentile(_active, 0.5), Percentile(_active, 0.99)),
                (Percentile(_standby, 0.5), Percentile(_standby, 0.99)));
        }
    }

    private void CountTogether(string route, IReadOnlyList<Difference> found)
    {
        // What found no room as a place is counted there.
        var places = found.Select(difference => (Route: route, difference.Path)).Where(_places.ContainsKey).ToList();
        if (places.Count == 0)
        {
            return;
        }

        if (places.Count <= MostTogether && new string([.. places.Select(LetterOf).Order()]) is var key && (_together.ContainsKey(key) || _together.Count < MostCombinations))
        {
            _together[key] = _together.GetValueOrDefault(key) + 1;
            return;
        }

        _requestsApart++;
        foreach (var place in places)
        {
            _apart[place] = _apart.GetValueOrDefault(place) + 1;
        }
    }

    // A place by a letter: there are fewer than letters.
    private char LetterOf((string Route, string Path) place)
    {
        if (!_letters.TryGetValue(place, out var letter))
        {
            _letters[place] = letter = (char)_byLetter.Count;
            _byLetter.Add(place);
        }

        return letter;
    }

    private long SurelyDifferent_NeedsLock()
    {
        var different = _places.Values.Where(place => place.Verdict == DifferenceVerdict.Different).Select(place => (place.Route, place.Path)).ToHashSet();
        return _together.Where(entry => entry.Key.Any(letter => different.Contains(_byLetter[letter]))).Sum(entry => entry.Value)
            + Math.Min(_requestsApart, different.Sum(place => _apart.GetValueOrDefault(place)));
    }

    private static bool Has(IReadOnlyList<Difference> differences, string path) => differences.Any(difference => difference.Path == path);

    private void Change(string route, string path, Func<FoundDifference, FoundDifference> change)
    {
        if (!_places.TryGetValue((route, path), out var place))
        {
            if (_places.Count >= MostPlaces)
            {
                _placesLeftOut++;
                return;
            }

            place = new(route, path, 0, 0, SplitEvidence.None, Sample: null, default);
        }

        _places[(route, path)] = change(place);
    }

    // In milliseconds.
    private static double? Percentile(long[] buckets, double share)
    {
        var rank = (long)Math.Ceiling(buckets.Sum() * share);
        if (rank == 0)
        {
            return null;
        }

        var bucket = 0;
        for (var seen = buckets[0]; seen < rank; seen += buckets[bucket])
        {
            bucket++;
        }

        return Math.Round(LatencyBuckets.UpperEnd(bucket) / 1000.0, 3);
    }
}

/// <summary>What was found so far.</summary>
/// <param name="Compared">Requests whose answers were compared.</param>
/// <param name="Different">Those with a difference anywhere, noise included.</param>
/// <param name="SurelyDifferent">Those with a difference at a place that is <see cref="DifferenceVerdict.Different"/>; where there are too many combinations of places, at least as many.</param>
/// <param name="BodiesNotKept">Those with a body that was too large to be compared.</param>
/// <param name="PlacesLeftOut">Differences at places that found no room.</param>
/// <param name="Places">The places, the sure ones first.</param>
/// <param name="Routes">What was compared, by route.</param>
/// <param name="Active">The latency of the active slot, in milliseconds.</param>
/// <param name="Standby">The same of the standby.</param>
internal sealed record DifferenceFigures(
    long Compared,
    long Different,
    long SurelyDifferent,
    long BodiesNotKept,
    long PlacesLeftOut,
    IReadOnlyList<FoundDifference> Places,
    IReadOnlyList<ComparedRoute> Routes,
    (double? P50, double? P99) Active,
    (double? P50, double? P99) Standby);

using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>What the bad responses of one metric were: with which status, from which destination, since when. Bounded; thread-safe.</summary>
internal sealed class BadResponses
{
    // What there is more of is "others": a list of fifty is no answer.
    private const int MostKinds = 16;
    private const int MostShown = 3;
    private const string Others = "others";

    private readonly Lock _gate = new();
    private readonly Dictionary<(Kind Kind, int Code), long> _kinds = [];
    private readonly Dictionary<string, long> _destinations = new(StringComparer.Ordinal);
    private DateTimeOffset? _first;
    private long _count;

    public void Add(in ResponseOutcome outcome, DateTimeOffset now)
    {
        lock (_gate)
        {
            _first ??= now;
            _count++;
            Count(_kinds, KindOf(outcome), (Kind.Other, 0));
            Count(_destinations, outcome.Destination ?? "", Others);
        }
    }

    /// <summary>Such as <c>11 × 500 and 1 × 502, all from destination g2, the first at 08:31:12Z</c>; null without any.</summary>
    public string? Describe()
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                return null;
            }

            var statuses = string.Join(" and ", Greatest(_kinds, (Kind.Other, 0)).Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Value} × {NameOf(entry.Key)}")));
            var destinations = _destinations.Where(entry => entry.Key.Length > 0).ToList();
            var from = destinations switch
            {
                [] => "",
                [var only] when only.Value == _count => _count == 1 ? $", from destination {only.Key}" : $", all from destination {only.Key}",
                _ => $", from destinations {string.Join(", ", Greatest(_destinations, Others).Where(entry => entry.Key.Length > 0).Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Key} ({entry.Value})")))}",
            };
            return string.Create(CultureInfo.InvariantCulture, $"{statuses}{from}, the first at {_first!.Value.UtcDateTime:HH:mm:ss}Z");
        }
    }

    // A number and not its text: a response must not allocate.
    private static (Kind Kind, int Code) KindOf(in ResponseOutcome outcome) =>
        outcome.GrpcStatus is { } grpc and not 0 ? (Kind.Grpc, grpc)
        : outcome.WebSocket == WebSocketEnding.Broken ? (Kind.WebSocket, 0)
        : outcome.Fault == Fault.Destination && outcome.StatusCode < 500 ? (Kind.BrokenOff, outcome.StatusCode)
        : (Kind.Status, outcome.StatusCode);

    private static string NameOf((Kind Kind, int Code) kind) => kind switch
    {
        (Kind.Grpc, GrpcStatusNames.Missing) => "gRPC without a status",
        (Kind.Grpc, var code) => string.Create(CultureInfo.InvariantCulture, $"gRPC status {code}"),
        (Kind.WebSocket, _) => "WebSocket broken off",
        (Kind.BrokenOff, var code) => string.Create(CultureInfo.InvariantCulture, $"{code} broken off"),
        (Kind.Status, var code) => code.ToString(CultureInfo.InvariantCulture),
        _ => Others,
    };

    private static void Count<TKey>(Dictionary<TKey, long> counts, TKey key, TKey others)
        where TKey : notnull
    {
        key = counts.Count < MostKinds || counts.ContainsKey(key) ? key : others;
        counts[key] = counts.GetValueOrDefault(key) + 1;
    }

    private static IEnumerable<KeyValuePair<TKey, long>> Greatest<TKey>(Dictionary<TKey, long> counts, TKey others)
        where TKey : notnull
    {
        var sorted = counts.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key).ToList();
        return sorted.Count <= MostShown ? sorted : [.. sorted.Take(MostShown), new(others, sorted.Skip(MostShown).Sum(entry => entry.Value))];
    }

    private enum Kind
    {
        Status,
        BrokenOff,
        Grpc,
        WebSocket,
        Other,
    }
}

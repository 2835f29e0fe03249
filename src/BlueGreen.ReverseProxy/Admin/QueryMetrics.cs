using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>How the queries of running bakes stand: metrics, and warnings for the status.</summary>
internal static class QueryMetrics
{
    /// <summary>Writes the metrics.</summary>
    /// <param name="text">The page.</param>
    /// <param name="running">The releases that run.</param>
    public static void Write(MetricsText text, IReadOnlyCollection<Release> running)
    {
        (string Service, BakeQuery Query)[] asked =
        [
            .. from release in running
               from service in release.Bake.Services
               from query in service.Queries ?? []
               where query.Status != QueryFigures.Waiting
               select (service.Name, query),
        ];
        text.Begin("bluegreen_bake_query_value", "gauge", "What a query of a bake gave for the new slot; left out while it gives no value.");
        foreach (var (service, query) in asked)
        {
            if (query.Value is { } value)
            {
                text.Add("bluegreen_bake_query_value", value, ("service", service), ("query", query.Name));
            }
        }

        text.Begin("bluegreen_bake_query_limit", "gauge", "What is allowed for bluegreen_bake_query_value: at least (bound=min) or at most (bound=max) this.");
        foreach (var (service, query) in asked)
        {
            foreach (var (bound, limit) in new[] { ("min", query.Min), ("max", query.Max) })
            {
                if (limit is { } number)
                {
                    text.Add("bluegreen_bake_query_limit", number, ("service", service), ("query", query.Name), ("bound", bound));
                }
            }
        }

        text.Begin("bluegreen_bake_query_no_data", "gauge", "1 while a query of a bake gives no value: the API does not answer, or its answer is not one number.");
        foreach (var (service, query) in asked)
        {
            text.Add("bluegreen_bake_query_no_data", query.Value is null || query.Status == QueryFigures.NoData ? 1 : 0, ("service", service), ("query", query.Name));
        }

        text.Begin("bluegreen_bake_query_violated_seconds", "gauge", "For how long the limit of a query of a bake is violated; 0 while it is not.");
        foreach (var (service, query) in asked)
        {
            text.Add("bluegreen_bake_query_violated_seconds", query.ViolatedSeconds, ("service", service), ("query", query.Name));
        }
    }

    /// <summary>The queries that give no value now, for the service's status.</summary>
    /// <param name="release">The running release; null for none.</param>
    /// <param name="figures">What its bake has measured of the service; null for nothing.</param>
    public static IEnumerable<string> Warnings(string? release, ServiceFigures? figures) => (figures?.Queries ?? [])
        .Where(query => query.Status == QueryFigures.NoData)
        .Select(query => $"Release {release}: {query.Detail}.");
}

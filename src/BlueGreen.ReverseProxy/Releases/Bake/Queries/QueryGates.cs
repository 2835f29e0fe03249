using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>Asks the queries that are gates too, once, before the switch. A query changes nothing, so a preflight asks as well.</summary>
internal sealed class QueryGates(PrometheusClient client)
{
    public async Task<ImmutableList<GateResult>> AskAsync(GatePlan plan, GateTarget target, CancellationToken cancellationToken)
    {
        var queries = target.Service.Options.Bake.Queries.Where(query => query.Gate);
        return [.. await Task.WhenAll(queries.Select(query => AskAsync(plan, target, query, cancellationToken)))];
    }

    private async Task<GateResult> AskAsync(GatePlan plan, GateTarget target, BakeQueryOptions query, CancellationToken cancellationToken)
    {
        GateResult Result(GateStatus status, string detail) => new(GateNames.Query(query.Name), target.Service.Name, status, detail);
        if (plan.Order is null && QueryTemplate.Has(query.Query, QueryTemplate.Release))
        {
            return Result(GateStatus.Pending, "asked at the cutover: the query names {release}, and there is none yet");
        }

        var (from, to) = (target.From.EnvironmentHeader, target.To.EnvironmentHeader);
        var reading = await new QueryTarget(target.Service.Name, target.From, target.To, plan.Order?.Release).ReadAsync(client, query, old: null, cancellationToken);
        return reading.NoData is { } reason
            ? Result(query.GateNoData == QueryGateNoData.Pass ? GateStatus.Passed : GateStatus.Failed, $"query {query.Name} has no data: {reason}")
            : Result(reading.Violates(query) ? GateStatus.Failed : GateStatus.Passed, QueryText.Of(query, reading, from, to));
    }
}

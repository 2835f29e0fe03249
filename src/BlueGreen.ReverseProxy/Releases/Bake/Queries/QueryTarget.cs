using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>What a query is asked about.</summary>
/// <param name="Service">The service.</param>
/// <param name="From">The old slot.</param>
/// <param name="To">The new slot.</param>
/// <param name="Release">The release; null for a preflight.</param>
/// <param name="OldAt">The moment that the old slot's value is taken from; null for now.</param>
internal sealed record QueryTarget(string Service, Slot From, Slot To, string? Release, DateTimeOffset? OldAt = null)
{
    /// <summary>Asks a query about the new slot, and about the old one if they are compared.</summary>
    /// <param name="client">Asks.</param>
    /// <param name="query">The query.</param>
    /// <param name="old">The old slot's value, if it is known already and can't change any more.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<QueryReading> ReadAsync(PrometheusClient client, BakeQueryOptions query, double? old, CancellationToken cancellationToken)
    {
        var ofNew = AskAsync(client, query, To, at: null, cancellationToken);
        var ofOld = query.Compare is null || old is not null ? Task.FromResult(new QueryAnswer(old, null)) : AskAsync(client, query, From, OldAt, cancellationToken);
        var (value, oldValue) = (await ofNew, await ofOld);
        var reason = value.Reason is { } why ? $"{To.EnvironmentHeader}: {why}" : oldValue.Reason is { } whyOld ? $"{From.EnvironmentHeader}: {whyOld}" : null;
        return new QueryReading(value.Value, oldValue.Value, reason);
    }

    private async Task<QueryAnswer> AskAsync(PrometheusClient client, BakeQueryOptions query, Slot slot, DateTimeOffset? at, CancellationToken cancellationToken)
    {
        var text = QueryTemplate.Fill(
            query.Query,
            name => name switch
            {
                QueryTemplate.Slot => slot.EnvironmentHeader,
                QueryTemplate.Version => slot.Version,
                QueryTemplate.Service => Service,
                _ => Release,
            },
            out var missing);
        return text is null ? QueryAnswer.None($"{{{missing}}} is not known") : await client.AskAsync(query.Server, text, at, cancellationToken);
    }
}

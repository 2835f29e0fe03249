using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>
/// Asks the queries of a bake, each in a loop of its own, so that an API that hangs holds up neither the other queries nor the
/// <see cref="BakeGuard"/>, which only reads what the loops have found so far.
/// </summary>
internal sealed partial class QueryLoops(CommittedState state, PrometheusClient client, BackgroundLoops loops, TimeProvider time, ILogger<QueryLoops> logger)
{
    /// <summary>Asks a monitor's queries for as long as something else runs.</summary>
    public async Task WhileAsync(ReleaseMonitor monitor, Func<Task> watch, CancellationToken stopping)
    {
        if (ReleaseTransitions.Running(state.Current, monitor.ReleaseId) is not { } release)
        {
            await watch();
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var asking = Task.WhenAll(
            from service in monitor.Queries
            from query in service.Queries
            select loops.RunAsync("query", $"{release.Id}/{service.Name}/{query.Options.Name}", token => AskAsync(release, service, query, token), over.Token));
        try
        {
            await watch();
        }
        finally
        {
            await over.CancelAsync();
            await asking;
        }
    }

    private async Task AskAsync(ReleaseState release, QueryWatch service, WatchedQuery query, CancellationToken stopping)
    {
        var target = service.TargetOf(release);
        using var timer = new PeriodicTimer(query.Options.Interval, time);
        do
        {
            // By the moment of the question: how long the answer takes is no part of how long something lasts.
            var (before, timestamp) = (query.State, time.GetTimestamp());
            var reading = await target.ReadAsync(client, query.Options, query.OldThen, stopping);
            query.OldThen = target.OldAt is null ? null : reading.Old;
            var after = before.After(reading, query.Options, time, timestamp);
            if (query.TryAdvance(before, after))
            {
                LogChange(release.Id, service.Name, query.Options.Name, before, after);
            }
        }
        while (service.IsOpen && await timer.WaitForNextTickAsync(stopping));
    }

    private void LogChange(string release, string service, string query, QueryState before, QueryState after)
    {
        if (after.IsWithoutData && !before.IsWithoutData)
        {
            LogNoData(logger, query, service, release, after.Last!.Value.NoData!);
        }
        else if (before.IsWithoutData && !after.IsWithoutData)
        {
            LogData(logger, query, service, release);
        }
    }

    [LoggerMessage(4621, LogLevel.Warning, "Query {Query} of service {Service} has no data for release {Release}: {Reason}")]
    private static partial void LogNoData(ILogger logger, string query, string service, string release, string reason);

    [LoggerMessage(4622, LogLevel.Information, "Query {Query} of service {Service} has data again for release {Release}.")]
    private static partial void LogData(ILogger logger, string query, string service, string release);
}

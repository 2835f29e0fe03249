using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <content>What there is enough evidence against, but from clients that may be the cause themselves.</content>
internal sealed partial class BakeGuard
{
    // It is not the gateway's to say that the release is bad, nor that it is good: people are told once, and decide when the time is over.
    private async Task<bool> TellOrHoldAsync(ReleaseMonitor monitor, ReleaseState release, MonitorSchedule schedule)
    {
        var guarded = monitor.Guarded;
        if (guarded.IsEmpty)
        {
            return false;
        }

        var detail = string.Join("; ", guarded);
        if (!monitor.IsOfShift && progresses.Find(release.Id) is { Switch: not null } progress && context.Left(progress, release.BakeSeconds) == TimeSpan.Zero)
        {
            await HoldAsync(monitor, BakeHolds.Guarded, detail, schedule);
            return true;
        }

        var told = Told(release.Bake?.Services ?? []).Union(schedule.Told).ToHashSet();
        var news = guarded.FindAll(metric => !told.Contains((metric.Service, metric.Metric)));
        if (news.IsEmpty)
        {
            return false;
        }

        var text = string.Join("; ", news);
        if (await CommitAsync(monitor, (current, running) => BakeTransitions.Guarded(current, running, text, monitor.Figures, time.GetUtcNow())))
        {
            schedule.Told.UnionWith(news.Select(metric => (metric.Service, metric.Metric)));
            LogGuarded(logger, monitor.ReleaseId, text);
        }

        return true;
    }

    // What the last process has told is stored with the figures.
    private static IEnumerable<(string Service, string Metric)> Told(ImmutableList<ServiceFigures> stored) =>
        from service in stored
        from metric in service.Metrics
        where metric.Status == BakeJudge.Guarded
        select (service.Name, metric.Name);

    [LoggerMessage(4607, LogLevel.Warning, "The bake of release {Release} has enough evidence for a rollback, but nearly all of it from one client or a few: {Detail}. If this is still so at its end, it is held.")]
    private static partial void LogGuarded(ILogger logger, string release, string detail);
}

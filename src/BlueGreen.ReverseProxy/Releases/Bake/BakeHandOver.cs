using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Leaves to the next process what this one has measured, when it stops as planned.</summary>
internal sealed partial class BakeHandOver(
    CommittedState state, ServiceCatalog services, BakeBaselines baselines, ReleaseProgresses progresses, ReleaseContext context, ILogger<BakeHandOver> logger)
{
    private ImmutableArray<Measured> _measured = [];

    /// <summary>Reads the figures of the running bakes. Call this before the releases stop, which ends their watches.</summary>
    public void Measure() => _measured = [.. state.Current.Running.Select(Measure).OfType<Measured>()];

    /// <summary>Stores the figures, and the past of the active slots. Call this before the state is released.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await state.CommitAsync(Decide, cancellationToken);
        }
        catch (StateUnavailableException exception)
        {
            LogNotStored(logger, exception.Message);
        }
    }

    private Measured? Measure(ReleaseState release)
    {
        if (progresses.Find(release.Id) is not { Bake: { } monitor } progress)
        {
            return null;
        }

        monitor.KeepOnly(release);
        monitor.Judge();
        return new(release.Id, monitor.Figures, context.Elapsed(progress), progress.Step?.Seconds(context.Time), SpentOf(release, progress));
    }

    private long SpentOf(ReleaseState release, ReleaseProgress progress) => release is { Status: ReleaseStatus.Shifting, Shift: { ByEvidence: not null } shift }
        ? release.Open.Select(entry => services.TryGet(entry.Name, out var service) && service.FindWatch(release.Id) is { } watch ? progress.SpentOf(shift, watch) : shift.Spent).DefaultIfEmpty().Max()
        : 0;

    private Decision<bool> Decide(Committed committed)
    {
        var change = committed.Change();
        foreach (var (id, figures, elapsed, step, spent) in _measured)
        {
            change = ReleaseTransitions.Running(change.State, id) is { } release ? BakeTransitions.Checkpoint(change, release, figures, elapsed) : change;
            if (step is { } seconds && ReleaseTransitions.Running(change.State, id) is { Status: ReleaseStatus.Shifting } shifting)
            {
                change = ShiftTransitions.Checkpoint(change, shifting, seconds, spent);
            }
        }

        foreach (var service in services.All)
        {
            if (baselines.HandOver(service.Name, change.Services[service.Name]) is { } baseline)
            {
                change = change.WithService(service.Name, change.Services[service.Name] with { Baseline = baseline });
            }
        }

        return new(ReferenceEquals(change.State, committed.State) ? null : change, true);
    }

    private sealed record Measured(string Release, ImmutableList<ServiceFigures> Figures, TimeSpan Elapsed, double? StepSeconds, long Spent);

    [LoggerMessage(4605, LogLevel.Warning, "What the bakes have measured could not be stored for the next process, which goes on from what was stored before: {Error}")]
    private static partial void LogNotStored(ILogger logger, string error);
}

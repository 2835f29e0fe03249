using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Holding;

/// <summary>Commits the switch of a release whose requests are held, and starts what begins with a switch.</summary>
internal sealed partial class HoldSwitch(ReleaseContext context, SwitchMeasurement measurement, BakeMonitors monitors, ILogger<HoldSwitch> logger)
{
    /// <summary>Switches, unless somebody has ended the release meanwhile.</summary>
    /// <param name="release">The release, holding.</param>
    /// <param name="progress">What this process knows of it.</param>
    /// <param name="end">How the wait has ended.</param>
    /// <param name="stopping">Ends the wait for earlier changes.</param>
    /// <exception cref="StateUnavailableException">Not stored: nothing was switched.</exception>
    public async Task RunAsync(ReleaseState release, ReleaseProgress progress, HoldEnd end, CancellationToken stopping)
    {
        // The watch looks at the new slot before the first response can come from it.
        var moment = measurement.Take(release);
        var monitor = monitors.Prepare(release with { Bake = moment.Bake }, sinceSwitch: TimeSpan.Zero);
        var switched = false;
        try
        {
            switched = await context.State.CommitAsync(
                committed => ReleaseTransitions.Running(committed.State, release.Id) is { Status: ReleaseStatus.Holding } current
                    ? new Decision<bool>(HoldTransitions.Switch(committed.Change(), current, end, moment, context.Now), true)
                    : new Decision<bool>(null, false),
                stopping);
        }
        finally
        {
            if (!switched)
            {
                monitor?.End();
            }
        }

        if (switched)
        {
            progress.Bake = monitor;
            progress.Switch = SwitchClock.Of(release, context.OldSlots(release), isOwn: true, context.Time);
            monitors.Start(release, monitor);
            foreach (var entry in release.Open)
            {
                LogSwitched(logger, entry.Name, entry.From.ToText(), entry.To.ToText(), release.Id, end.Detail);
            }
        }
    }

    [LoggerMessage(4711, LogLevel.Information, "Switched {Service} from {From} to {To} by release {Release}, with its requests held: {Detail}.")]
    private static partial void LogSwitched(ILogger logger, string service, string from, string to, string release, string detail);
}

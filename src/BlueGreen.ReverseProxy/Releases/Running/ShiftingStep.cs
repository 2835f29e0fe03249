using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Waits until a step of a shift is over, and goes on to the next weight, or to the switch.</summary>
/// <remarks>
/// The weight is a part of the committed state, and the table follows it; so a step that a crash has cut short goes on where the state
/// says, with the time that was counted up to the last checkpoint. What finds fault with the new slot meanwhile is the bake's guard.
/// </remarks>
internal sealed class ShiftingStep(ReleaseContext context, SwitchMeasurement measurement, ShiftReadiness readiness, EvidenceStep evidence) : IReleaseStep
{
    // What a crash loses of the time that was counted.
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(10);

    public async Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping)
    {
        var shift = release.Shift!;
        if (shift.PausedBy is not null || release.Bake?.Hold is not null)
        {
            (progress.Step, progress.WaitingFor) = (null, null);
            await context.ChangedAsync(release, stopping);
            return;
        }

        // A step in which nobody reaches the service says nothing about the next one.
        if (readiness.WhyClosed(release) is not null)
        {
            progress.Step = null;
            await readiness.AskAsync(release, progress, stopping);
            return;
        }

        progress.Step = ShiftClock.Of(shift, progress.Step, context.Time);
        if (shift.ByEvidence is { } budget)
        {
            await evidence.RunAsync(release, shift, budget, progress, stopping);
            return;
        }

        // Once its time is over, it waits for the new slots until they are well, and says so all the while.
        var left = TimeSpan.FromSeconds(Math.Max(0, shift.Steps[shift.Step].Seconds - progress.Step.Seconds(context.Time)));
        progress.WaitingFor = left > TimeSpan.Zero ? null : progress.WaitingFor;
        if (await Race.FirstAsync(stopping, token => context.ChangedAsync(release, token), token => Task.Delay(left < CheckpointInterval ? left : CheckpointInterval, context.Time, token)) == 0)
        {
            return;
        }

        if (left > CheckpointInterval)
        {
            await CheckpointAsync(release, progress, stopping);
        }
        else
        {
            await AdvanceAsync(release, ShiftTransitions.NextWeight(shift), progress, stopping);
        }
    }

    private async Task AdvanceAsync(ReleaseState release, int weight, ReleaseProgress progress, CancellationToken stopping)
    {
        if (!await readiness.AskAsync(release, progress, stopping))
        {
            return;
        }

        await context.CommitAsync(
            release.Id,
            ReleaseStatus.Shifting,
            (change, current) => !Equals(current.Shift, release.Shift) || current.Bake?.Hold is not null ? change
                : weight >= TrafficSplit.Whole ? ShiftTransitions.Complete(change, current, measurement.Take(current), context.Now)
                : ShiftTransitions.Advance(change, current, weight, current.Shift!.Steps.FindIndex(stage => stage.Weight == weight), context.Now),
            stopping);
    }

    private Task CheckpointAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping) => context.CommitAsync(
        release.Id,
        ReleaseStatus.Shifting,
        (change, current) => Equals(current.Shift, release.Shift) ? ShiftTransitions.Checkpoint(change, current, progress.Step!.Seconds(context.Time)) : change,
        stopping);
}

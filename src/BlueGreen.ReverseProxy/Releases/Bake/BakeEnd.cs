using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Decides whether a bake whose time is over ends, and as what.</summary>
internal sealed class BakeEnd(ReleaseContext context)
{
    private const double LongestBakeSeconds = 7 * 24 * 3600;

    /// <summary>Ends the bake, or extends it.</summary>
    /// <returns>False while it may not end yet.</returns>
    public Task<bool> TryEndAsync(string id, ReleaseProgress progress, CancellationToken stopping) => context.DecideAsync(
        id,
        otherwise: true,
        (change, release) =>
        {
            if (release.Status != ReleaseStatus.Baking || context.Left(progress, release.BakeSeconds) > TimeSpan.Zero)
            {
                return new Decision<bool>(null, true);
            }

            if (Concluded(change.State, release, progress) is { } concluded)
            {
                return new Decision<bool>(ReleaseTransitions.Succeed(change, concluded, context.Now), true);
            }

            return progress.Bake is { IsWithoutData: true, NoData: NoDataAction.Extend } && release.Bake is { Hold: null, Attempts: 0 }
                ? new Decision<bool>(BakeTransitions.Extended(change, release, context.Now), true)
                : new Decision<bool>(null, false);
        },
        stopping);

    /// <summary>The release with what its bake has found; null while it may not end: a rollback of it runs, somebody is to decide, or it has just failed.</summary>
    /// <remarks>Decided under the one writer, so a bake that fails in its last moment does not succeed before its rollback has switched. What is guarded is held by the <see cref="BakeGuard"/>.</remarks>
    public static ReleaseState? Concluded(GatewayState state, ReleaseState release, ReleaseProgress progress)
    {
        if (release.Bake is not { } bake || progress.Bake is not { } monitor || release.BakeSeconds <= 0)
        {
            return release;
        }

        monitor.KeepOnly(release);
        if (bake.Hold is not null || BakeTransitions.IsBeingRolledBack(state, release) || monitor.Judge() is not null || !monitor.Guarded.IsEmpty)
        {
            return null;
        }

        if (monitor.IsWithoutData && bake.Attempts == 0 && monitor.NoData != NoDataAction.Succeed)
        {
            if (monitor.NoData == NoDataAction.Rollback)
            {
                monitor.DemandRollback();
                return null;
            }

            if (release.BakeSeconds < LongestBakeSeconds)
            {
                return null;
            }
        }

        return release with { Bake = monitor.Conclude(bake) };
    }
}

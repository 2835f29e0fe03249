using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Following;

/// <summary>Follows a release until it is as far as somebody waits for, through restarts of the gateway.</summary>
/// <remarks>
/// By asking again and again, and not by one long answer: what is asked of the gateway after its restart is the same as before, and a
/// proxy in between that ends idle connections ends nothing.
/// </remarks>
internal sealed class ReleaseFollower(GatewayClient client, TimeProvider time)
{
    // What happens around the switch takes moments, a shift or a bake minutes.
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(1);

    // The gateway ends drain and bake by itself; this is for its and our clocks, and for its restart.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>Waits.</summary>
    /// <param name="id">The release.</param>
    /// <param name="wait">For what.</param>
    /// <param name="limit">How long; null for as long as the release's own deadlines say.</param>
    /// <param name="view">Who is shown what happens.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <returns>The release, as far as was waited for.</returns>
    /// <exception cref="CommandFailure">Not there in time, or the gateway can't be reached, or knows nothing of the release.</exception>
    public Task<ReleaseSnapshot> FollowAsync(string id, WaitFor wait, Deadline? limit, IReleaseView view, CancellationToken cancellationToken) =>
        view.WhileAsync(async () =>
        {
            ReleaseSnapshot? last = null;
            try
            {
                return await FollowAsync(id, wait, limit, view, snapshot => last = snapshot, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw CommandRunner.Interrupted($"Stopped waiting. Release {id} goes on{(last is null ? "" : $" ({ShiftLines.Status(last.Release)})")}.", WhatNow(id, last?.Release));
            }
        });

    private async Task<ReleaseSnapshot> FollowAsync(
        string id, WaitFor wait, Deadline? limit, IReleaseView view, Action<ReleaseSnapshot> keep, CancellationToken cancellationToken)
    {
        var deadline = limit ?? new Deadline(time, ReleaseOptions.UsualTimeout);
        var patience = new ShiftPatience();
        ReleaseSnapshot? last = null;
        while (true)
        {
            string? lost = null;
            try
            {
                last = await LookAsync(id, cancellationToken);
                keep(last);
                view.Show(last);
                if (wait.IsReached(last.Release))
                {
                    return last;
                }

                if (limit is null && (patience.Extend(last.Release, last.At, ReleaseOptions.UsualTimeout) ?? OwnDeadline(last, wait)) is { } own)
                {
                    deadline.Restart(own);
                }
            }
            catch (GatewayGoneException exception) when (!client.HasAnswered)
            {
                // Not lost, but never found: that is told at once.
                throw CommandFailure.NotReachable(exception);
            }
            catch (GatewayGoneException exception)
            {
                lost = exception.Message;
                view.Lost(lost);
            }

            var pause = last?.Release.Status is ReleaseStatus.Shifting or ReleaseStatus.Baking ? Seldom : Often;
            if (deadline.Left <= TimeSpan.Zero)
            {
                throw lost is not null ? Vanished(id, lost, last)
                    : HeldRelease.Is(last!.Release) ? HeldRelease.ToFailure(last, wait)
                    : TimedOut(id, wait, deadline, last);
            }

            await Task.Delay(pause < deadline.Left ? pause : deadline.Left, time, cancellationToken);
        }
    }

    /// <summary>The release now.</summary>
    /// <exception cref="CommandFailure">The gateway refuses to say.</exception>
    /// <exception cref="GatewayGoneException">The gateway is not there.</exception>
    public async Task<ReleaseSnapshot> LookAsync(string id, CancellationToken cancellationToken)
    {
        var answer = (await client.TryGetAsync(ApiPath.Release(id), cancellationToken)).OrFail();
        var release = answer.Read(ContractsJson.Default.Release);
        var left = release.Status == ReleaseStatus.Draining ? await CountAsync(release, cancellationToken) : null;
        return new ReleaseSnapshot(release, (JsonObject)answer.Json!, left, answer.At);
    }

    /// <summary>What to do about a release that goes on without us.</summary>
    public static string WhatNow(string id, Release? release) => release?.Status switch
    {
        _ when release is not null && HeldRelease.Is(release) => HeldRelease.WhatNow(release),
        ReleaseStatus.AwaitingApproval => $"Approve it: bluegreen approve {id}. End it: bluegreen abort {id}",
        ReleaseStatus.Shifting => ShiftLines.WhatNow(release),
        ReleaseStatus.Reverting => $"Follow it: bluegreen watch --release {id}",
        null or ReleaseStatus.Verifying or ReleaseStatus.Holding => $"Follow it: bluegreen watch --release {id}. End it before its switch: bluegreen abort {id}",
        _ => $"Follow it: bluegreen watch --release {id}. Take it back: bluegreen rollback --release {id}",
    };

    private async Task<InFlightCounts> CountAsync(Release release, CancellationToken cancellationToken)
    {
        var counts = new InFlightCounts(0, 0, 0, 0);
        foreach (var service in release.Services)
        {
            var answer = (await client.TryGetAsync(ApiPath.Service(service.Name), cancellationToken)).OrFail();
            var old = answer.Read(ContractsJson.Default.ServiceStatus).Slots.Of(service.From).InFlight;
            counts = new(counts.Requests + old.Requests, counts.Streams + old.Streams, counts.Upgrades + old.Upgrades, counts.Total + old.Total);
        }

        return counts;
    }

    private static TimeSpan? OwnDeadline(ReleaseSnapshot snapshot, WaitFor wait)
    {
        if (snapshot.Release.SwitchedAt is null)
        {
            return null;
        }

        var drained = snapshot.Release.Drain?.DeadlineAt;
        var baked = wait == WaitFor.Completed ? snapshot.Release.Bake.EndsAt : null;
        var latest = drained > baked ? drained : baked ?? drained;
        return latest is { } at ? (at > snapshot.At ? at - snapshot.At : TimeSpan.Zero) + Grace : null;
    }

    private static CommandFailure TimedOut(string id, WaitFor wait, Deadline deadline, ReleaseSnapshot last) => CommandFailure.Of(
        ExitCodes.TimedOut,
        "timed-out",
        "Not there in time",
        $"Release {id} is {ShiftLines.Status(last.Release)}, not {Names.Of(wait)}, after {deadline.After.TotalSeconds:0.#} s. It goes on.",
        WhatNow(id, last.Release),
        ("releaseId", id),
        ("release", last.Raw.DeepClone()));

    private static CommandFailure Vanished(string id, string lost, ReleaseSnapshot? last) => CommandFailure.Of(
        ExitCodes.NotReachable,
        "gateway-not-reachable",
        "The gateway is not reachable",
        $"{lost} Release {id} was {(last is null ? "accepted" : ShiftLines.Status(last.Release))} when the gateway answered last; it goes on when the gateway is back.",
        WhatNow(id, last?.Release),
        ("releaseId", id),
        ("release", last?.Raw.DeepClone()));
}

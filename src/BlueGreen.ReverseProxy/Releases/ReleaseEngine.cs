using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>How far a caller wants to wait.</summary>
internal enum WaitUntil
{
    Switched,
    Drained,
    Completed,
}

/// <summary>What can be asked of releases: order one, step in, wait.</summary>
internal sealed class ReleaseEngine(CommittedState state, ReleaseRunner runner, TimeProvider time)
{
    /// <summary>Makes a release of an order, or says why not.</summary>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<OrderOutcome> PlaceAsync(ReleaseOrder order)
    {
        var outcome = await state.CommitAsync(current =>
        {
            var (next, outcome) = ReleaseOrders.Decide(current, state.NewestFirst(), order, time.GetUtcNow());
            return new Decision<OrderOutcome>(next, outcome, outcome.Started is { } started ? () => runner.Start(started.Id) : null);
        });
        if (outcome.Refused is { } refusal)
        {
            await AuditAsync(order.Caller, order.Kind == ReleaseKind.Cutover ? "cutover" : "rollback", refusal.Code, order.Services, refusal.ReleaseId, order.Force, order.Reason, refusal.Detail);
        }

        return outcome;
    }

    public Task<(ReleaseState? Release, Refusal? Refused)> ApproveAsync(string id, Caller caller) => StepInAsync(
        id,
        caller,
        "approve",
        isDone: release => release.ApprovedBy is not null,
        isAllowed: release => release.Status == ReleaseStatus.AwaitingApproval,
        ReleaseTransitions.Approve);

    public Task<(ReleaseState? Release, Refusal? Refused)> AbortAsync(string id, Caller caller) => StepInAsync(
        id,
        caller,
        "abort",
        isDone: release => release.Status == ReleaseStatus.Aborted,
        isAllowed: release => release.Status.IsBeforeSwitch(),
        ReleaseTransitions.Abort);

    public Task<(ReleaseState? Release, Refusal? Refused)> FinishAsync(string id, Caller caller) => StepInAsync(
        id,
        caller,
        "finish",
        isDone: release => release.Status == ReleaseStatus.Succeeded,

        // What is being taken back at this moment can't be called a success; the state that is read here is the one that is decided on.
        isAllowed: release => release.Status is (ReleaseStatus.Draining or ReleaseStatus.Baking) && !ReleaseBakes.IsBeingRolledBack(state.Current, release),
        (current, release, by, now) => ReleaseTransitions.Finish(current, release with { Bake = ConcludedBake(release) }, by, now));

    /// <summary>Takes a release back whose bake has failed, as if somebody had asked for it.</summary>
    /// <param name="id">The release.</param>
    /// <param name="reason">What was found.</param>
    /// <returns>
    /// The rollback, this one or one that runs already; or why there is none; or neither when the release is no longer watched:
    /// whoever has finished it, rolled it back or ended it in the same moment has been first, and that stands.
    /// </returns>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public Task<OrderOutcome?> RollBackBakeAsync(string id, string reason) => state.CommitAsync(current =>
    {
        if (ReleaseTransitions.Running(current, id) is not { Status: ReleaseStatus.Draining or ReleaseStatus.Baking, BakeSeconds: > 0 } release)
        {
            return new Decision<OrderOutcome?>(null, null);
        }

        var order = new ReleaseOrder
        {
            Kind = ReleaseKind.Rollback,
            Caller = ReleaseBakes.Caller,
            Services = [.. release.Services.Select(service => service.Name)],
            TakesBack = id,
            Reason = reason,
            BakeSeconds = 0,
            DrainSeconds = release.DrainSeconds,
        };
        var now = time.GetUtcNow();
        var marked = ReleaseBakes.Failed(current, release, reason, runner.ProgressOf(id)?.Bake?.Figures, now);
        var (next, outcome) = ReleaseOrders.Decide(marked, state.NewestFirst(), order, now);
        return new Decision<OrderOutcome?>(next, outcome, outcome.Started is { } started ? () => runner.Start(started.Id) : null);
    });

    /// <summary>Waits for a release, at most so long.</summary>
    /// <returns>The release as it is then, and whether it got as far as asked for or has ended.</returns>
    /// <exception cref="StateUnavailableException">The switch could not be stored: nothing was switched.</exception>
    public async Task<(ReleaseState Release, bool Reached)> WaitAsync(string id, WaitUntil until, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var reached = state.WaitUntilAsync(_ => HasReached(state.Find(id)!, until), linked.Token);
        var unstorable = runner.ProgressOf(id)?.Unstorable;
        if (unstorable is not null && await Task.WhenAny(reached, unstorable) == unstorable)
        {
            await linked.CancelAsync();
            await reached.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new StateUnavailableException((await unstorable).Message);
        }

        await reached.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return (state.Find(id)!, reached.IsCompletedSuccessfully);
    }

    private BakeState? ConcludedBake(ReleaseState release) =>
        release.Bake is { } bake && runner.ProgressOf(release.Id)?.Bake is { } watch ? watch.Conclude(bake) : release.Bake;

    /// <summary>Writes down a refusal.</summary>
    public Task AuditAsync(
        Caller caller, string action, string result, IReadOnlyList<string> services, string? release, bool force, string? reason, string? detail) =>
        state.AuditAsync(sequence =>
            new AuditRecord(sequence, time.GetUtcNow(), caller.Actor, caller.Client, action, result, services, release, force, reason, detail));

    private static bool HasReached(ReleaseState release, WaitUntil until) => release.Status.IsEnded() || until switch
    {
        WaitUntil.Switched => release.SwitchedAt is not null,
        WaitUntil.Drained => release.DrainedAt is not null,
        _ => false,
    };

    private async Task<(ReleaseState? Release, Refusal? Refused)> StepInAsync(
        string id,
        Caller caller,
        string action,
        Func<ReleaseState, bool> isDone,
        Func<ReleaseState, bool> isAllowed,
        Func<GatewayState, ReleaseState, Caller, DateTimeOffset, GatewayState> transition)
    {
        var result = await state.CommitAsync<(ReleaseState? Release, Refusal? Refused)>(current =>
        {
            if (state.Find(id) is not { } release)
            {
                return new(null, (null, new(ProblemCodes.UnknownRelease, $"There is no release {id}.")));
            }

            if (isDone(release))
            {
                return new(null, (release, null));
            }

            if (!isAllowed(release))
            {
                return new(null, (null, new(
                    ProblemCodes.WrongStatus,
                    $"Release {id} is {ReleaseAudit.NameOf(release.Status)}: {action} is not possible now.",
                    ReleaseId: id)));
            }

            var next = transition(current, release, caller, time.GetUtcNow());
            return new(next, (ReleaseTransitions.Running(next, id) ?? next.JustEnded.Find(ended => ended.Id == id), null));
        });
        // One that is not there is noted like every call for something that is not there.
        if (result.Refused is { Code: not ProblemCodes.UnknownRelease } refusal)
        {
            await AuditAsync(caller, action, refusal.Code, [], id, force: false, reason: null, refusal.Detail);
        }

        return result;
    }
}

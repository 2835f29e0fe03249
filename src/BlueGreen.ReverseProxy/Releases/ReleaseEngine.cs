using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>How far a caller wants to wait.</summary>
internal enum WaitUntil
{
    Shifting,
    Switched,
    Drained,
    Completed,
}

/// <summary>What can be asked of releases: order one, step in, wait.</summary>
internal sealed class ReleaseEngine(CommittedState state, ReleaseContext context, ReleaseProgresses progresses, SwitchMeasurement measurement, ShiftReadiness readiness, TimeProvider time)
{
    /// <summary>Makes a release of an order, or says why not.</summary>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<OrderOutcome> PlaceAsync(ReleaseOrder order, CancellationToken cancellationToken = default)
    {
        order = order with { Process = context.Process };
        var outcome = await state.CommitAsync(
            committed => order.Services.Select(context.WhyClosed).FirstOrDefault(closed => closed is not null) is { } closed
                ? new(null, OrderOutcome.Of(closed))
                : ReleaseOrders.Decide(committed, order, time.GetUtcNow()),
            cancellationToken);
        if (outcome.Started is { } started)
        {
            Expect(started.Id);
        }

        if (outcome.Refused is { } refusal)
        {
            await AuditAsync(order.Caller, ReleaseOrders.NameOf(order.Kind), refusal.Code, order.Services, refusal.ReleaseId, order.Force, order.Reason, refusal.Detail);
        }

        return outcome;
    }

    public Task<(ReleaseState? Release, Refusal? Refused)> ApproveAsync(string id, Caller caller, long? ifMatch = null) => StepInAsync(
        id,
        caller,
        ifMatch,
        "approve",
        isDone: release => release.ApprovedBy is not null,
        isAllowed: release => release.Status == ReleaseStatus.AwaitingApproval,
        (change, release, by, now) => ReleaseTransitions.Approve(change, release, by, context.Process, now));

    public Task<(ReleaseState? Release, Refusal? Refused)> AbortAsync(string id, Caller caller, long? ifMatch = null) => StepInAsync(
        id,
        caller,
        ifMatch,
        "abort",
        isDone: release => release.Status == ReleaseStatus.Aborted || release is { Status: ReleaseStatus.Reverting, Shift.Reversal.EndsAs: ReleaseStatus.Aborted },
        isAllowed: release => release.Status.IsBeforeSwitch() && release.Status != ReleaseStatus.Reverting,
        ReleaseTransitions.Abort);

    public Task<(ReleaseState? Release, Refusal? Refused)> FinishAsync(string id, Caller caller, long? ifMatch = null) => StepInAsync(
        id,
        caller,
        ifMatch,
        "finish",
        isDone: release => release.Status == ReleaseStatus.Succeeded,

        // What is being taken back at this moment can't be called a success; the state that is read here is the one that is decided on.
        isAllowed: release => release.Status is (ReleaseStatus.Draining or ReleaseStatus.Baking or ReleaseStatus.Confirming) && !BakeTransitions.IsBeingRolledBack(state.Current, release),
        (change, release, by, now) => ReleaseTransitions.Finish(change, release with { Bake = ConcludedBake(release) }, by, now));

    /// <summary>Goes on to the next step of a shift now, or to a weight.</summary>
    /// <param name="id">The release.</param>
    /// <param name="to">The weight in hundredths of a percent; null for the next step. A weight that has been reached is nothing to do.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="ifMatch">The generation that the caller has seen; null for whatever it is.</param>
    /// <param name="key">The call's idempotency key and what it stands for; null without one. A call that is repeated does not promote again.</param>
    /// <param name="force">Also to a slot that is not healthy.</param>
    /// <param name="cancellationToken">Ends the look at the slot.</param>
    public async Task<(ReleaseState? Release, Refusal? Refused)> PromoteAsync(
        string id, int? to, Caller caller, long? ifMatch, (string Key, string Hash)? key, bool force = false, CancellationToken cancellationToken = default)
    {
        if (!force && state.Find(id) is { Status: ReleaseStatus.Shifting } shifting && !IsReached(shifting) && !IsRepeated(caller, key) && await readiness.FindUnhealthyAsync(shifting, cancellationToken) is { } sick)
        {
            var refusal = new Refusal(
                ProblemCodes.GateFailed, $"{sick}. Nothing was changed: release {id} stays at {ShiftTransitions.Percent(shifting.Shift!.Weight)}. Repair it, abort the release, or force it (\"force\": true, or bluegreen promote --force).", ReleaseId: id);
            await AuditAsync(caller, "promote", refusal.Code, [.. shifting.Open.Select(entry => entry.Name)], id, force: false, reason: null, refusal.Detail);
            return (null, refusal);
        }

        var wasHeld = state.Find(id)?.Bake?.Hold is not null;
        var result = await StepInAsync(
            id,
            caller,
            ifMatch,
            "promote",
            isDone: IsReached,
            isAllowed: release => release.Status == ReleaseStatus.Shifting,
            (change, release, by, now) => ShiftTransitions.Promote(change, release, to, force, measurement.Take(release), by, now),
            key);
        if (wasHeld && result.Refused is null)
        {
            progresses.Find(id)?.Bake?.Restart();
        }

        return result;

        bool IsReached(ReleaseState release) =>
            to is { } weight && (release.SwitchedAt is not null || (release.Status == ReleaseStatus.Shifting && release.Shift!.Weight >= weight));
    }

    private bool IsRepeated(Caller caller, (string Key, string Hash)? key) =>
        key is { } known && state.Snapshot.Records.FindKey(caller.Actor, known.Key, time.GetUtcNow()) is not null;

    /// <summary>Keeps a shift at its weight.</summary>
    public Task<(ReleaseState? Release, Refusal? Refused)> PauseAsync(string id, Caller caller, long? ifMatch = null) => StepInAsync(
        id,
        caller,
        ifMatch,
        "pause",
        isDone: release => release is { Status: ReleaseStatus.Shifting, Shift.PausedBy: not null },
        isAllowed: release => release.Status == ReleaseStatus.Shifting,
        (change, release, by, now) => ShiftTransitions.Pause(change, release, progresses.Find(id)?.Step?.Seconds(time) ?? release.Shift!.StepSeconds, by, now));

    /// <summary>Lets a shift go on that was paused, or that waits for somebody because of what was found.</summary>
    public async Task<(ReleaseState? Release, Refusal? Refused)> ResumeAsync(string id, Caller caller, long? ifMatch = null)
    {
        var wasHeld = state.Find(id)?.Bake?.Hold is not null;
        var result = await StepInAsync(
            id,
            caller,
            ifMatch,
            "resume",
            isDone: release => release is { Status: ReleaseStatus.Shifting, Shift.PausedBy: null } and not { Bake.Hold: not null },
            isAllowed: release => release.Status == ReleaseStatus.Shifting,
            ShiftTransitions.Resume);
        if (wasHeld && result.Refused is null)
        {
            // Whoever lets it go on has seen what was found; it is judged by what comes from now on.
            progresses.Find(id)?.Bake?.Restart();
        }

        return result;
    }

    /// <summary>Takes a release back whose bake has failed, as if somebody had asked for it.</summary>
    /// <param name="id">The release.</param>
    /// <param name="reason">What was found.</param>
    /// <returns>
    /// The rollback, this one or one that runs already; or why there is none; or neither when the release is no longer watched:
    /// whoever has finished it, rolled it back or ended it in the same moment has been first, and that stands.
    /// </returns>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public Task<OrderOutcome?> RollBackBakeAsync(string id, string reason) => state.CommitAsync(committed =>
    {
        if (ReleaseTransitions.Running(committed.State, id) is not { Status: ReleaseStatus.Draining or ReleaseStatus.Baking or ReleaseStatus.Confirming, BakeSeconds: > 0, Bake.Hold: null or BakeHolds.Failed } release)
        {
            return new Decision<OrderOutcome?>(null, null);
        }

        var order = new ReleaseOrder
        {
            Kind = ReleaseKind.Rollback,
            Caller = Caller.Bake,
            Services = [.. release.Open.Select(service => service.Name)],
            TakesBack = id,
            Reason = reason,
            BakeSeconds = 0,
            DrainSeconds = release.DrainSeconds,
            Process = context.Process,
        };
        var now = time.GetUtcNow();
        var marked = BakeTransitions.Failed(committed.Change(), release, reason, progresses.Find(id)?.Bake?.Figures, now);
        var decision = ReleaseOrders.Decide(committed, marked, order, now);
        return new Decision<OrderOutcome?>(decision.Change, decision.Result);
    });

    /// <summary>Waits for a release, at most so long. A release whose place another one has taken is waited for as that one.</summary>
    /// <returns>The release as it is then, and whether it got as far as asked for or has ended.</returns>
    /// <exception cref="StateUnavailableException">The switch could not be stored: nothing was switched.</exception>
    public async Task<(ReleaseState Release, bool Reached)> WaitAsync(string id, WaitUntil until, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var reached = state.WaitForAsync(committed => HasReached(Newest(committed, id), until), linked.Token);
        var unstorable = progresses.Find(id)?.Unstorable;
        if (unstorable is not null && await Task.WhenAny(reached, unstorable) == unstorable)
        {
            await linked.CancelAsync();
            await reached.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new StateUnavailableException((await unstorable).Message);
        }

        await reached.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return (Newest(state.Snapshot, id), reached.IsCompletedSuccessfully);
    }

    /// <summary>Why nothing can begin for a service; null if it can.</summary>
    public Refusal? WhyClosed(Service service) => context.WhyClosed(service);

    /// <summary>Writes down a refusal.</summary>
    public Task AuditAsync(
        Caller caller, string action, string result, IReadOnlyList<string> services, string? release, bool force, string? reason, string? detail) =>
        state.AuditAsync(new AuditRecord(0, time.GetUtcNow(), caller.Actor, caller.Client, action, result, services, release, force, reason, detail));

    private static ReleaseState Newest(Committed committed, string id)
    {
        var release = committed.Find(id)!;
        while (release.SupersededBy is { } next && committed.Find(next) is { } other)
        {
            release = other;
        }

        return release;
    }

    // The runner may not have seen it yet; whoever waits has to hear of a switch that can't be stored.
    private void Expect(string id)
    {
        progresses.Begin(id);
        if (state.Find(id)?.Status.IsEnded() != false)
        {
            progresses.End(id);
        }
    }

    private BakeState? ConcludedBake(ReleaseState release) =>
        release.Bake is { } bake && progresses.Find(release.Id)?.Bake is { } watch ? watch.Conclude(bake) : release.Bake;

    /// <summary>Whether a release has got as far as a caller wants, or has ended.</summary>
    public static bool HasReached(ReleaseState release, WaitUntil until) => release.Status.IsEnded() || until switch
    {
        WaitUntil.Shifting => release.SwitchedAt is not null || release.Shift is { HasBegun: true },
        WaitUntil.Switched => release.SwitchedAt is not null,
        WaitUntil.Drained => release.DrainedAt is not null,
        _ => false,
    };

    private async Task<(ReleaseState? Release, Refusal? Refused)> StepInAsync(
        string id,
        Caller caller,
        long? ifMatch,
        string action,
        Func<ReleaseState, bool> isDone,
        Func<ReleaseState, bool> isAllowed,
        Func<StateChange, ReleaseState, Caller, DateTimeOffset, StateChange> transition,
        (string Key, string Hash)? key = null)
    {
        var result = await state.CommitAsync<(ReleaseState? Release, Refusal? Refused)>(committed =>
        {
            if (committed.Find(id) is not { } release)
            {
                return new(null, (null, new(ProblemCodes.UnknownRelease, $"There is no release {id}.")));
            }

            var now = time.GetUtcNow();
            if (key is { } repeated && committed.Records.FindKey(caller.Actor, repeated.Key, now) is { } known)
            {
                return new(null, known.Hash == repeated.Hash ? (release, null) : (null, Refusal.KeyMismatch(known)));
            }

            if (isDone(release))
            {
                return new(null, (release, null));
            }

            if (WhyNot(committed.State, release, caller, ifMatch, action, isAllowed) is { } refused)
            {
                return new(null, (null, refused));
            }

            var change = transition(committed.Change(), release, caller, now);
            change = key is { } used ? change.WithKey(new(caller.Actor, used.Key, used.Hash, now, release.Id)) : change;
            return new(change, (change.Find(id), null));
        });

        // One that is not there is noted like every call for something that is not there.
        if (result.Refused is { Code: not ProblemCodes.UnknownRelease } refusal)
        {
            await AuditAsync(caller, action, refusal.Code, [], id, force: false, reason: null, refusal.Detail);
        }

        return result;
    }

    private static Refusal? WhyNot(GatewayState current, ReleaseState release, Caller caller, long? ifMatch, string action, Func<ReleaseState, bool> isAllowed)
    {
        if (!isAllowed(release))
        {
            return new(ProblemCodes.WrongStatus, $"Release {release.Id} is {ReleaseAudit.NameOf(release.Status)}: {action} is not possible now.", ReleaseId: release.Id);
        }

        if (ifMatch is { } expected)
        {
            foreach (var service in release.Services.Where(service => current.Services[service.Name].Generation != expected))
            {
                return Refusal.Stale(service.Name, current.Services[service.Name].Generation, expected);
            }
        }

        // Without tokens nobody knows who is who.
        return action == "approve" && caller.Actor == release.Actor && caller is { IsAdmin: false, Actor: not Caller.Anonymous }
            ? new(ProblemCodes.Forbidden, $"{caller.Actor} has ordered release {release.Id} and can't approve it: it takes another token, or one with the role admin.", ReleaseId: release.Id)
            : null;
    }
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <content>Compares the slots after an alarm: see <see cref="ConfirmationRule"/>.</content>
internal sealed partial class BakeGuard
{
    // What a few clients get on both slots alike goes on after a comparison, and each splits the traffic.
    private const int MostForFew = 3;

    // Once may be chance. What was refuted only because too little fell on the new slot is not known to fail on the old one: it stays for
    // people to look at.
    private const int LeastAlike = 2;

    // A question is answered by a comparison or not at all.
    private async Task<bool> AskAsync(ReleaseMonitor monitor, ReleaseState release, MonitorSchedule schedule, CancellationToken stopping)
    {
        if (monitor.IsOfShift || BakeTransitions.IsBeingRolledBack(state.Current, release))
        {
            return false;
        }

        foreach (var question in monitor.Questions)
        {
            var asked = schedule.AskedForFew.GetValueOrDefault((question.Service, question.Metric));
            if (question.Question != QuestionKind.Stretch && asked >= MostForFew)
            {
                continue;
            }

            // Many attempts have not told: then what is guarded is for somebody to decide, and a stretch is forgotten.
            if (confirmations.Plan(monitor, release, question) is { Number: <= ConfirmationRule.MostAttempts } confirmation
                && (question.Question == QuestionKind.Stretch || confirmation.Key == TrafficKeyKind.Request)
                && (question.Question != QuestionKind.TooFewClients || !schedule.LeftToPeople.Contains((question.Service, question.Metric)))
                && confirmations.FindSick(release) is null
                && await FindUnhealthyAsync(release, stopping) is null)
            {
                schedule.AskedForFew[(question.Service, question.Metric)] = asked + (question.Question == QuestionKind.Stretch ? 0 : 1);
                await BeginComparisonAsync(monitor, question, confirmation, schedule);
                return true;
            }
        }

        return false;
    }

    private async Task BeginComparisonAsync(ReleaseMonitor monitor, BakeFinding finding, BakeConfirmation confirmation, MonitorSchedule schedule)
    {
        if (confirmation.Number > ConfirmationRule.MostAttempts)
        {
            await HoldAsync(monitor, BakeHolds.Unconfirmed, $"{finding.Service}: {finding.Reason}; compared {ConfirmationRule.MostAttempts} times with the old slot, and neither confirmed nor gone", schedule);
        }
        else if (await CommitAsync(monitor, (current, running) => running.Status != ReleaseStatus.Confirming && ConfirmationTransitions.CanCompare(current.State, running)
            ? ConfirmationTransitions.Begin(current, running, confirmation, monitor.Figures, time.GetUtcNow())
            : null))
        {
            _ = schedule.SinceAttempt(confirmation.Number);
            LogConfirming(logger, monitor.ReleaseId, finding.Service, finding.Reason, confirmation.Number);
        }
    }

    // Both slots serve, and chance decides who goes where: what happens to the world happens to both.
    private async Task CompareAsync(ReleaseMonitor monitor, ReleaseState release, MonitorSchedule schedule, CancellationToken stopping)
    {
        var confirmation = release.Bake!.Confirmation!;
        schedule.Compared.Add((confirmation.Service, confirmation.Metric));
        if (confirmation.Process != context.Process)
        {
            await CommitAsync(monitor, (current, running) => ConfirmationTransitions.Runs(running, confirmation)
                ? ConfirmationTransitions.TakeUp(current, running, context.Process)
                : null);
            return;
        }

        // What is compared must not hide what else is wrong: that is acted on, or compared from now on, but each only once before all of
        // the traffic is back, or two alarms would take turns for ever.
        foreach (var other in monitor.Findings.Where(other => !schedule.Compared.Contains((other.Service, other.Metric))))
        {
            if (confirmations.Plan(monitor, release, other) is not { } next)
            {
                // What is to wait for somebody can wait until this is known.
                if (other.Action == BakeFailureAction.Hold)
                {
                    continue;
                }

                await ActAsync(monitor, release, other, schedule, stopping);
                return;
            }

            if (next.Number <= ConfirmationRule.MostAttempts)
            {
                if (await CompareNextAsync(monitor, release, confirmation, next, "open", schedule))
                {
                    schedule.Interrupted.Push(confirmation);
                }

                return;
            }
        }

        if (confirmations.FindSick(release) is { } sick)
        {
            await HoldAsync(monitor, BakeHolds.SharedOutage, $"{confirmation.Service}: {confirmation.Alarm}; not compared any longer, for {sick}", schedule);
            return;
        }

        var lasted = schedule.SinceAttempt(confirmation.Number);
        if (confirmations.See(monitor, release, confirmation) is not { } seen)
        {
            await RefuteAsync(monitor, confirmation, ConfirmationCounts.None, "the service has left the release", lasted, schedule);
            return;
        }

        var (counts, plan) = seen;
        var evidence = ConfirmationTransitions.EvidenceOf(release.Bake, confirmation);
        var what = ConfirmationTransitions.Describe(release, confirmation, counts);
        switch (ConfirmationRule.Judge(evidence, counts, plan.Threshold, plan.Process?.NullRate, lasted))
        {
            case ConfirmationVerdict.Confirmed:
                var reason = $"{confirmation.Alarm}; confirmed: {what}; evidence {BakeText.Evidence(evidence.LnE(counts))} to 1{BakeText.Otherwise(evidence, counts, plan.Threshold, release.Services.Find(entry => entry.Is(confirmation.Service))!.From)}";
                if (confirmation.OfTooFewClients == true && !monitor.Findings.Any(finding => (finding.Service, finding.Metric) == (confirmation.Service, confirmation.Metric)))
                {
                    await LeaveToPeopleAsync(monitor, confirmation, counts, $"{reason}; not acted on: nearly all of it is one client's", lasted, schedule);
                    break;
                }

                await ActAsync(monitor, release, new BakeFinding(confirmation.Service, confirmation.Metric, reason, services.Get(confirmation.Service).Options.Bake.OnFailure), schedule, stopping);
                break;

            // Nothing has spoken for the new slot either, and there is no time left to find out.
            case ConfirmationVerdict.Refuted when ConfirmationRule.IsOver(counts, lasted) && IsOver(monitor, release):
                await HoldAsync(monitor, BakeHolds.Unconfirmed, $"{confirmation.Service}: {confirmation.Alarm}; {what}, which is too little to tell, and the bake is over", schedule);
                break;

            case ConfirmationVerdict.Refuted when await GoOnWithInterruptedAsync(monitor, release, confirmation, schedule):
                monitor.Renew(confirmation.Service, confirmation.Metric, RaisedBy(confirmation, counts, plan.Process?.NullRate));
                LogRefuted(logger, monitor.ReleaseId, confirmation.Service, confirmation.Number, what);
                break;

            case ConfirmationVerdict.Refuted:
                await RefuteAsync(monitor, confirmation, counts, what, lasted, schedule, plan.Process?.NullRate);
                break;
        }
    }

    private async Task<bool> CompareNextAsync(
        ReleaseMonitor monitor, ReleaseState release, BakeConfirmation confirmation, BakeConfirmation next, string became, MonitorSchedule schedule)
    {
        var counts = confirmations.See(monitor, release, confirmation)?.Counts ?? ConfirmationCounts.None;
        var lasted = schedule.SinceAttempt(confirmation.Number);
        if (await CommitAsync(monitor, (current, running) => ConfirmationTransitions.Runs(running, confirmation) && ConfirmationTransitions.CanCompare(current.State, running)
            ? ConfirmationTransitions.Next(current, running, counts, next, became, lasted, time.GetUtcNow())
            : null))
        {
            _ = schedule.SinceAttempt(next.Number);
            LogConfirming(logger, monitor.ReleaseId, next.Service, next.Alarm, next.Number);
            return true;
        }

        return false;
    }

    // What was interrupted was as good as found, or was not: it is gone on with, and all of the traffic does not go to the new slot in between.
    private async Task<bool> GoOnWithInterruptedAsync(ReleaseMonitor monitor, ReleaseState release, BakeConfirmation refuted, MonitorSchedule schedule)
    {
        if (release.Bake!.Attempts >= ConfirmationRule.MostAttempts || !schedule.Interrupted.TryPop(out var interrupted) || !release.Holds(interrupted.Service))
        {
            return false;
        }

        var next = interrupted with { Number = release.Bake.Attempts + 1, BegunAt = time.GetUtcNow() };
        return await CompareNextAsync(monitor, release, refuted, next, "not confirmed", schedule);
    }

    private async Task RefuteAsync(
        ReleaseMonitor monitor, BakeConfirmation confirmation, ConfirmationCounts counts, string what, TimeSpan lasted, MonitorSchedule schedule, double? rate = null)
    {
        var elapsed = Elapsed(monitor);
        if (await CommitAsync(monitor, (current, running) => ConfirmationTransitions.Runs(running, confirmation)
            ? ConfirmationTransitions.Refuted(
                current, running, counts, $"{confirmation.Metric} not confirmed: {what}; all of the traffic goes to the new slot again, and the judgement begins anew", lasted, elapsed, time.GetUtcNow())
            : null))
        {
            var metric = (confirmation.Service, confirmation.Metric);
            monitor.Renew(confirmation.Service, confirmation.Metric, RaisedBy(confirmation, counts, rate));
            schedule.FoundAlike[metric] = schedule.FoundAlike.GetValueOrDefault(metric) + (ConfirmationRule.IsAlike(counts) ? 1 : 0);
            if (schedule.AskedForFew.GetValueOrDefault(metric) >= MostForFew && schedule.FoundAlike[metric] >= LeastAlike)
            {
                monitor.LetPass(confirmation.Service, confirmation.Metric);
            }

            LogRefuted(logger, monitor.ReleaseId, confirmation.Service, confirmation.Number, what);
        }
    }

    // Of one client, nobody but people can say whether it is worth a rollback. They are told; and where nothing changes until the bake's end, it is held.
    private async Task LeaveToPeopleAsync(
        ReleaseMonitor monitor, BakeConfirmation confirmation, ConfirmationCounts counts, string reason, TimeSpan lasted, MonitorSchedule schedule)
    {
        var elapsed = Elapsed(monitor);
        if (await CommitAsync(monitor, (current, running) => ConfirmationTransitions.Runs(running, confirmation)
            ? ConfirmationTransitions.Guarded(current, running, counts, reason, lasted, elapsed, time.GetUtcNow())
            : null))
        {
            schedule.LeftToPeople.Add((confirmation.Service, confirmation.Metric));
            LogGuarded(logger, monitor.ReleaseId, $"{confirmation.Service}: {reason}");
        }
    }

    private static (double Rate, TimeSpan For)? RaisedBy(BakeConfirmation confirmation, ConfirmationCounts counts, double? rate) =>
        rate is { } known ? ConfirmationRule.Raised(confirmation.Number, counts, known) : null;

    private bool IsOver(ReleaseMonitor monitor, ReleaseState release) => Elapsed(monitor).TotalSeconds >= release.BakeSeconds;

    [LoggerMessage(4613, LogLevel.Warning, "Something speaks against release {Release}, {Service}: {Reason}. Attempt {Attempt} to confirm it: a quarter of the traffic stays on the new slot.")]
    private static partial void LogConfirming(ILogger logger, string release, string service, string reason, int attempt);

    [LoggerMessage(4614, LogLevel.Information, "What spoke against release {Release} ({Service}) was not confirmed in attempt {Attempt}: {Found}.")]
    private static partial void LogRefuted(ILogger logger, string release, string service, int attempt, string found);
}

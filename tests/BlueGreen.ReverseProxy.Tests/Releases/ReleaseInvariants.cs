using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>What holds after every commit, whatever came before.</summary>
internal static class ReleaseInvariants
{
    private static readonly Dictionary<ReleaseStatus, ReleaseStatus[]> Legal = new()
    {
        [ReleaseStatus.Verifying] = [ReleaseStatus.AwaitingApproval, ReleaseStatus.Holding, ReleaseStatus.Shifting, ReleaseStatus.Draining, ReleaseStatus.Rejected, ReleaseStatus.Aborted, ReleaseStatus.Failed],
        [ReleaseStatus.AwaitingApproval] = [ReleaseStatus.Verifying, ReleaseStatus.Aborted],
        [ReleaseStatus.Shifting] = [ReleaseStatus.Draining, ReleaseStatus.Reverting, ReleaseStatus.Failed],
        [ReleaseStatus.Reverting] = [ReleaseStatus.RolledBack, ReleaseStatus.Aborted, ReleaseStatus.Failed],
        [ReleaseStatus.Holding] = [ReleaseStatus.Draining, ReleaseStatus.Rejected, ReleaseStatus.Aborted, ReleaseStatus.Failed],
        [ReleaseStatus.Draining] = [ReleaseStatus.Baking, ReleaseStatus.Confirming, ReleaseStatus.Succeeded, ReleaseStatus.RolledBack, ReleaseStatus.Abandoned],
        [ReleaseStatus.Baking] = [ReleaseStatus.Confirming, ReleaseStatus.Succeeded, ReleaseStatus.RolledBack, ReleaseStatus.Abandoned],
        [ReleaseStatus.Confirming] = [ReleaseStatus.Draining, ReleaseStatus.RolledBack, ReleaseStatus.Abandoned],
        [ReleaseStatus.Succeeded] = [],
        [ReleaseStatus.Rejected] = [],
        [ReleaseStatus.RolledBack] = [],
        [ReleaseStatus.Aborted] = [],
        [ReleaseStatus.Failed] = [],
        [ReleaseStatus.Abandoned] = [],
    };

    public static void Check(Committed before, Committed after, IReadOnlyDictionary<string, SlotName> active, Step step)
    {
        CheckReleases(before, after, step);
        foreach (var name in active.Keys)
        {
            CheckService(before.State, after.State, name, active[name], step);
        }

        foreach (var call in after.Records.Outbox.Where(call => call.Event == HookEvent.Decommission))
        {
            var service = after.State.Services[call.Service!];
            call.Slot.Should().NotBe(service.Active, "no call names a slot that serves ({0})", step);
            service.StandbySince.Should().NotBeNull("no call names a slot that is in use again ({0})", step);
        }

        after.State.LastAudit.Should().BeGreaterThanOrEqualTo(before.State.LastAudit);
        after.Records.Events.Select(entry => entry.Sequence).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }

    private static void CheckReleases(Committed before, Committed after, Step step)
    {
        after.State.Running.Should().NotContain(release => release.Status.IsEnded());
        after.Records.Ended.Values.Should().NotContain(release => !release.Status.IsEnded());
        after.NewestFirst().Select(release => ReleaseId.NumberOf(release.Id)).Should().Equal(
            Enumerable.Range(0, (int)after.State.LastRelease).Select(offset => after.State.LastRelease - offset), "no release gets lost or is there twice");
        foreach (var release in after.NewestFirst())
        {
            release.Services.Should().NotContain(service => service.From == service.To);
            var was = before.Find(release.Id);
            if (was is null)
            {
                release.Status.Should().Be(ReleaseStatus.Verifying);
            }
            else if (was.Status != release.Status)
            {
                Legal[was.Status].Should().Contain(release.Status, "{0} was {1}, {2}", release.Id, was.Status, step);
            }

            CheckOutcome(after, release, step);
        }
    }

    private static void CheckOutcome(Committed after, ReleaseState release, Step step)
    {
        (release.SwitchedAt is not null).Should().Be(after.EventsOf(release.Id).Exists(entry => entry.Type == "switched"));
        if (release is { Status: ReleaseStatus.RolledBack, Shift.Reversal: not null })
        {
            release.SwitchedAt.Should().BeNull("a shift that was taken back has not switched ({0})", step);
        }
        else if (release.Status is ReleaseStatus.Succeeded or ReleaseStatus.RolledBack or ReleaseStatus.Abandoned)
        {
            release.SwitchedAt.Should().NotBeNull("no outcome is told that did not happen ({0})", step);
        }
        else if (release.Status.IsEnded())
        {
            release.SwitchedAt.Should().BeNull("no outcome is told that did not happen ({0})", step);
        }

        if (release.Status == ReleaseStatus.Succeeded)
        {
            release.Services.Should().OnlyContain(service => service.Outcome == ServiceOutcomes.Succeeded || service.Outcome == ServiceOutcomes.Removed, "a release of which a part went back has not succeeded ({0})", step);
        }

        foreach (var service in release.Services.Where(service => service.Outcome == ServiceOutcomes.RolledBack))
        {
            var by = after.Find(service.OutcomeBy!)!;
            by.Services.Should().Contain(other => other.Is(service.Name) && other.To == service.From, "the release that is named has taken it back ({0})", step);
        }

        // Whatever the release still stands for is where the release put it, and nothing else has switched it since.
        foreach (var service in release.Status.IsEnded() || release.SwitchedAt is null ? [] : release.Open)
        {
            var now = after.State.Services[service.Name];
            (now.Active, now.LastRelease).Should().Be((service.To, release.Id), "no service is unwatched while its release says that it is watched ({0})", step);
        }
    }

    private static void CheckService(GatewayState before, GatewayState after, string name, SlotName active, Step step)
    {
        var (was, now) = (before.Services[name], after.Services[name]);
        now.Active.Should().Be(active, "it is where the last switch put it");
        now.RollbackTo.Should().NotBe(now.Active);
        (now.RollbackTo is not null && now.RolledBack).Should().BeFalse("a rollback has nothing to roll back");
        var isSameShift = ShiftOf(before, name) == ShiftOf(after, name);
        now.Generation.Should().Be(IsSame(was, now) && isSameShift ? was.Generation : was.Generation + 1, "+1 at every change ({0})", step);
        var share = ShiftOf(after, name);
        if (after.Running.Find(release => release.Status == ReleaseStatus.Confirming && release.Holds(name)) is { } confirming)
        {
            ServiceRoutes.ShareOf(after, name).Should().Be((confirming.Bake!.Confirmation!.NameOf(confirming.Id), BakeConfirmation.Weight), "both slots serve ({0})", step);
            now.RollbackTo.Should().Be(confirming.Services.Find(entry => entry.Is(name))!.From, "there is a way back ({0})", step);
        }
        else
        {
            ServiceRoutes.ShareOf(after, name).Should().Be(share, "nothing but a shift splits ({0})", step);
        }

        (share.Weight is >= 0 and < TrafficSplit.Whole).Should().BeTrue("all of the traffic is a switch");
        if (share.Weight > 0 && ShiftOf(before, name) is { Weight: > 0 } shareBefore && shareBefore.Split == share.Split)
        {
            share.Weight.Should().BeGreaterThanOrEqualTo(shareBefore.Weight, "no client goes back while a release shifts ({0})", step);
            now.RollbackTo.Should().BeNull("back means that the shift is taken back ({0})", step);
        }

        (now.Hold is not null && after.Running.Exists(release => release.Hold is not null && release.Status.IsBeforeSwitch() && release.Holds(name)))
            .Should().BeFalse("a service is held by hand or by a release, never by both ({0})", step);
        after.Running.Count(release => release.Kind == ReleaseKind.Cutover && release.Holds(name)).Should().BeLessThan(2);
        after.Running.Count(release => release.Kind == ReleaseKind.Rollback && release.Holds(name)).Should().BeLessThan(2, "{0}", step);
    }

    // A comparison of the slots has no generation of its own: nobody has switched anything, and whoever wants to roll back has seen the right one.
    private static (string? Split, int Weight) ShiftOf(GatewayState state, string name) =>
        state.Running.Exists(release => release.Status == ReleaseStatus.Shifting && release.Holds(name)) ? ServiceRoutes.ShareOf(state, name) : (null, 0);

    // That a release has ended is no change of the service: nothing that a caller could have built on is different.
    private static bool IsSame(ServiceState was, ServiceState now) =>
        (was.Active, was.RollbackTo, was.RolledBack, was.Blue, was.Green, was.Hold) == (now.Active, now.RollbackTo, now.RolledBack, now.Blue, now.Green, now.Hold);
}

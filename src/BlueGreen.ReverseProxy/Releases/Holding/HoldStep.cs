using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Holding;

/// <summary>Waits, while the requests of all services of a release are held, until nothing is in flight on any of their slots; then switches.</summary>
/// <remarks>
/// The order, and what it defends against. (1) The hold was committed and published: nothing begins any more. (2) All slots are seen idle.
/// (3) The queues are told to keep their requests until the outcome is known; that fails if one of them has let them go since, for then a slot may
/// be at work again. (4) The switch is committed and published, and the queues let the requests go: to the new slots. Whoever aborts the
/// release or rolls it back in between changes the state, which (4) is decided on.
/// </remarks>
internal sealed partial class HoldStep(ReleaseContext context, HoldSwitch switching, LeavingLock leaving, ILogger<HoldStep> logger) : IReleaseStep
{
    private readonly HoldIdle _idle = new(leaving, context.Time);

    private enum Outcome
    {
        Idle,
        TimedOut,
        Changed,
    }

    public async Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping)
    {
        var hold = release.Hold!;
        if (hold.Process != context.Process)
        {
            // The requests were held by another process, and their connections have ended with it.
            await FailAsync(release, "the gateway stopped while requests were held", stopping);
            return;
        }

        var services = release.Open.Select(entry => context.Entry(entry.Name)).ToList();
        if (!TryGetStart(services, release.Id, out var since))
        {
            await FailAsync(release, "the requests could not be held any longer", stopping);
            return;
        }

        var outcome = await WaitAsync(release, hold, services, since, stopping);
        if (outcome == Outcome.Changed)
        {
            return;
        }

        var isExclusive = outcome == Outcome.Idle && hold.Streams == HoldStreams.Wait;
        var end = EndOf(hold, outcome, services, since, isExclusive);
        if (outcome == Outcome.TimedOut)
        {
            LogOverdue(logger, release.Id, hold.MaxSeconds, end.Detail);
            if (hold.OnTimeout == HoldTimeoutAction.Abort)
            {
                await context.CommitAsync(release.Id, ReleaseStatus.Holding, (change, current) => HoldTransitions.Reject(change, current, end, context.Now), stopping);
                return;
            }
        }

        if (isExclusive && !TryBeginSwitch(services, release.Id))
        {
            await FailAsync(release, "the requests could not be held any longer", stopping);
            return;
        }

        await SwitchAsync(release, progress, services, end, stopping);
    }

    private async Task<Outcome> WaitAsync(ReleaseState release, ReleaseHoldState hold, List<Service> services, long since, CancellationToken stopping)
    {
        var slots = services.SelectMany(service => SlotNames.All.Select(name => service[name])).ToList();
        var limit = TimeSpan.FromSeconds(hold.MaxSeconds);
        var isIdle = false;
        var first = await Race.FirstAsync(
            stopping,
            async token => isIdle = hold.Streams == HoldStreams.Wait
                ? await _idle.WaitForAllAsync(slots, since, limit, token)
                : await _idle.WaitForRequestsAsync(slots, since, limit, token),
            token => context.ChangedAsync(release, token));
        return first != 0 ? Outcome.Changed : isIdle ? Outcome.Idle : Outcome.TimedOut;
    }

    private HoldEnd EndOf(ReleaseHoldState hold, Outcome outcome, List<Service> services, long since, bool isExclusive)
    {
        var lasted = context.Time.GetElapsedTime(since);
        var isAlone = outcome != Outcome.TimedOut || !leaving.IsAnotherLeaving();
        var left = HoldIdle.Describe(services.SelectMany(service => SlotNames.All.Select(name => (service.Name, service[name]))));
        var detail = outcome == Outcome.TimedOut ? string.Create(CultureInfo.InvariantCulture, $"after {hold.MaxSeconds} s {left}{(isAlone ? "" : "; another gateway process still drains its requests")}")
            : isExclusive ? string.Create(CultureInfo.InvariantCulture, $"nothing in flight after {lasted.TotalSeconds:0.0##} s")
            : string.Create(CultureInfo.InvariantCulture, $"no ordinary request in flight after {lasted.TotalSeconds:0.0##} s; streams were not waited for ({left})");
        return new HoldEnd(isExclusive, detail, lasted, HoldFigures.Sum(services.Select(service => service.Held.Figures)));
    }

    private async Task SwitchAsync(ReleaseState release, ReleaseProgress progress, List<Service> services, HoldEnd end, CancellationToken stopping)
    {
        try
        {
            await switching.RunAsync(release, progress, end, stopping);
        }
        catch (StateUnavailableException exception)
        {
            // Nothing was switched: the requests go on to where the last committed table says, before the end of the release can be stored.
            services.ForEach(service => service.Held.End(release.Id));
            progress.FailToStore(exception);
            await FailAsync(release, $"the switch could not be stored: {exception.Message}", stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            services.ForEach(service => service.Held.End(release.Id));
            throw;
        }
    }

    private static bool TryGetStart(List<Service> services, string id, out long since)
    {
        since = long.MaxValue;
        foreach (var service in services)
        {
            if (!service.Held.TryGetStart(id, out var start))
            {
                return false;
            }

            since = Math.Min(since, start);
        }

        return services.Count > 0;
    }

    // All or none: one whose requests have gone on may have something in flight.
    private static bool TryBeginSwitch(List<Service> services, string id)
    {
        var begun = services.TakeWhile(service => service.Held.TryBeginSwitch(id)).ToList();
        if (begun.Count == services.Count)
        {
            return true;
        }

        begun.ForEach(service => service.Held.CancelSwitch(id));
        return false;
    }

    private Task FailAsync(ReleaseState release, string why, CancellationToken stopping) => context.CommitAsync(
        release.Id, ReleaseStatus.Holding, (change, current) => HoldTransitions.Fail(change, current, why, context.Now), stopping);

    [LoggerMessage(4712, LogLevel.Warning, "Release {Release} has held requests for {Seconds} s: {Detail}.")]
    private static partial void LogOverdue(ILogger logger, string release, double seconds, string detail);
}

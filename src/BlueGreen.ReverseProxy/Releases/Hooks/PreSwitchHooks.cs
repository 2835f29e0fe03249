using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Hooks;

/// <summary>
/// The hooks that can reject a release. Called once each, when all other gates have passed, one after the other in the order of
/// their names; the first failure ends it, for what comes after might act on a release that is over.
/// </summary>
internal sealed class PreSwitchHooks(CurrentOptions options, CommittedState state, HookCall call, ServiceCatalog services, TimeProvider time)
{
    /// <summary>The gates that a release would meet here; preflight names them without calling, for a call may change things.</summary>
    public ImmutableList<GateResult> Name(ReleaseKind kind, IReadOnlyCollection<string> names, GateStatus status, string detail) =>
        [.. For(kind, names).Select(hook => new GateResult(GateNames.Hook(hook.Name), string.Join(", ", names), status, detail))];

    public async Task<ImmutableList<GateResult>> CallAsync(ReleaseState release, Action<GateResult> judged, CancellationToken cancellationToken)
    {
        var gates = ImmutableList<GateResult>.Empty;
        var names = release.Services.Select(service => service.Name).ToList();
        foreach (var hook in For(release.Kind, names))
        {
            var answer = await AskAsync(hook, release, cancellationToken);
            var gate = new GateResult(GateNames.Hook(hook.Name), string.Join(", ", names), answer.Success ? GateStatus.Passed : GateStatus.Failed, answer.Detail);
            judged(gate);
            gates = gates.Add(gate);
            if (!answer.Success)
            {
                break;
            }
        }

        return gates;
    }

    private async Task<HookAnswer> AskAsync(HookOptions hook, ReleaseState release, CancellationToken cancellationToken)
    {
        // The same at every try of one verification, and another one after an approval: that one is asked anew.
        var attempt = release.Verification > 1 ? string.Create(CultureInfo.InvariantCulture, $"-{release.Verification}") : "";
        var view = ReleaseView.Of(release, state.Snapshot.EventsOf(release.Id), progress: null, services, time);
        var body = new HookBody($"{release.Id}-{hook.Name}{attempt}", HookCall.NameOf(HookEvent.PreSwitch), release.CreatedAt, Service: null, view);
        var started = time.GetTimestamp();
        while (true)
        {
            var answer = await call.SendAsync(hook, body, cancellationToken);
            if (answer.AskAgain is not { } pause)
            {
                return answer;
            }

            // Asked once more when the time is nearly over, however late the receiver wants to be asked.
            var left = hook.GiveUpAfter - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return new(false, null, $"still working after {hook.GiveUpAfter}");
            }

            await Task.Delay(pause < left ? pause : left, time, cancellationToken);
        }
    }

    private IEnumerable<HookOptions> For(ReleaseKind kind, IReadOnlyCollection<string> names) =>
        kind == ReleaseKind.Rollback ? [] : options.Value.Hooks.Where(hook => hook.Wants(HookEvent.PreSwitch, names));
}

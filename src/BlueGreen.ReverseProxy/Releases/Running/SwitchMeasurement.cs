using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Measures the slots in the moment in which a switch, or the beginning of a shift, is decided.</summary>
internal sealed class SwitchMeasurement(ReleaseContext context, BakeBaselines baselines, ReleaseProgresses progresses)
{
    public SwitchMoment Take(ReleaseState release) => new(
        context.OldSlots(release).Sum(slot => slot.InFlight.Count),
        Versions(release, entry => entry.From),
        Versions(release, entry => entry.To))
    {
        // A shift is watched in any case; what follows it is watched if a bake was asked for.
        Bake = release.Shift is { HasBegun: true } && release.BakeSeconds <= 0 ? null : WithCurves(release.Id, baselines.Freeze(release, context.State.Current)),
        Watched = progresses.FiguresOf(except: release.Id),
    };

    // The picture of the release goes on from the shift to the bake; what is judged begins anew.
    private BakeState? WithCurves(string release, BakeState? frozen) => frozen is null ? null : frozen with
    {
        Services = BakeState.Anew(progresses.Find(release)?.Bake?.Figures ?? []),
    };

    private ImmutableSortedDictionary<string, string> Versions(ReleaseState release, Func<ReleasedService, SlotName> slot) => release.Open
        .Select(entry => (entry.Name, context.Entry(entry.Name)[slot(entry)].Version))
        .Where(entry => entry.Version is not null)
        .ToImmutableSortedDictionary(entry => entry.Name, entry => entry.Version!, StringComparer.OrdinalIgnoreCase);
}

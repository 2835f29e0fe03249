using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Shifting;

/// <summary>The wire record of a shift: what is stored of it, and what is live.</summary>
internal static class ShiftView
{
    public static ShiftStatus? Of(ReleaseState release, ReleaseProgress? progress, ServiceCatalog services, TimeProvider time)
    {
        if (release.Shift is not { } shift)
        {
            return null;
        }

        var isShifting = release.Status == ReleaseStatus.Shifting;
        var goesByTime = isShifting && shift.PausedBy is null && release.Bake?.Hold is null && shift.Step < shift.Steps.Count;
        return new ShiftStatus(
            shift.Weight / 100.0,
            KeyOf(shift),
            [.. shift.Steps.Select(stage => new ShiftStep(stage.Weight / 100.0, stage.Seconds))],
            isShifting && !shift.Steps.IsEmpty ? shift.Step + 1 : null,
            shift.ByEvidence is { } budget ? new ShiftByEvidence(budget.MaxBadResponses, budget.MinSeconds) : null,
            shift.BegunAt,
            goesByTime ? time.GetUtcNow().AddSeconds(Math.Max(0, shift.Steps[shift.Step].Seconds - (progress?.Step?.Seconds(time) ?? shift.StepSeconds))) : null,
            shift.PausedBy,
            isShifting ? progress?.WaitingFor ?? (release.Bake?.Hold is not null ? release.Bake.Detail : null) : null,
            shift.Reversal is { } reversal
                ? new Contracts.ShiftReversal(reversal.Detail, reversal.At, reversal.Weight / 100.0, release.Status == ReleaseStatus.Reverting ? RemainingOf(release, services) : 0)
                : null,
            release.Status.IsEnded() || !shift.HasBegun ? [] : [.. release.Open.Select(entry => Of(release, shift, entry, progress, services)).OfType<ShiftedService>()]);
    }

    public static string KeyOf(ShiftState shift) => KeyOf(shift.Key, shift.Header);

    public static string KeyOf(TrafficKeyKind kind, string? header) => kind switch
    {
        TrafficKeyKind.Header => $"header:{header}",
        TrafficKeyKind.Cookie => "cookie",
        TrafficKeyKind.Request => "request",
        _ => "client",
    };

    private static ShiftedService? Of(ReleaseState release, ShiftState shift, ReleasedService entry, ReleaseProgress? progress, ServiceCatalog services)
    {
        if (!services.TryGet(entry.Name, out var service) || service.FindWatch(release.Id) is not { } watch)
        {
            return null;
        }

        var (requests, evidence) = (watch.Requests, watch.Evidence);
        var sinceStep = watch.SinceStep;
        if (release.SwitchedAt is not null && requests is { New: 0, Old: 0 })
        {
            // Another process has shifted it; what that one has counted is gone.
            return null;
        }

        return new ShiftedService(
            entry.Name,
            sinceStep is { New: 0, Old: 0 } ? null : Math.Round(100.0 * sinceStep.New / (sinceStep.New + sinceStep.Old), 2),
            requests.New,
            requests.Old,
            evidence.NewBad,
            evidence.OldBad,
            shift.ByEvidence is null ? 0 : watch.Overdue,
            shift.ByEvidence is null ? 0 : (progress?.SpentOf(shift, watch) ?? shift.Spent) + watch.Overdue,
            Math.Round(evidence.LnE, 6),
            Math.Round(progress?.Bake?.Figures.Find(figures => figures.Name == entry.Name)?.Metrics[0].Threshold ?? 0, 6));
    }

    private static long RemainingOf(ReleaseState release, ServiceCatalog services) =>
        release.Open.Sum(entry => services.TryGet(entry.Name, out var service) ? service[entry.To].InFlight.Count : 0);
}

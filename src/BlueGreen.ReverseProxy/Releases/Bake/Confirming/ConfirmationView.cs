using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake.Confirming;

/// <summary>The wire record of a confirmation: what is stored of it, and what is live.</summary>
internal static class ConfirmationView
{
    public static BakeComparison? Of(ReleaseState release, ReleaseProgress? progress, ServiceCatalog services)
    {
        if (release is not { Status: ReleaseStatus.Confirming, Bake.Confirmation: { } confirmation } || !services.TryGet(confirmation.Service, out var service)
            || confirmation.FindWatch(release.Id, service) is not { } watch)
        {
            return null;
        }

        var counts = ConfirmationCounts.Of(watch, confirmation.Metric);
        var evidence = ConfirmationTransitions.EvidenceOf(release.Bake, confirmation);
        return new BakeComparison(
            confirmation.Number,
            confirmation.Service,
            confirmation.Metric,
            confirmation.Alarm,
            confirmation.BegunAt,
            100.0 * BakeConfirmation.Weight / TrafficSplit.Whole,
            ShiftView.KeyOf(confirmation.Key, confirmation.Header),
            counts.NewBad,
            counts.OldBad,
            counts.NewResponses,
            counts.OldResponses,
            Math.Round(evidence.LnE(counts), 6),
            progress?.Bake?.PlanOf(confirmation.Service, confirmation.Metric) is { } planned ? Math.Round(planned.Plan.Threshold, 6) : null)
        {
            Stratum = confirmation.Stratum is { } stratum && counts.OfStratum is { } one
                ? new ComparedStratum(stratum.Name, one.NewBad, one.OldBad, one.NewResponses, one.OldResponses)
                : null,
        };
    }
}

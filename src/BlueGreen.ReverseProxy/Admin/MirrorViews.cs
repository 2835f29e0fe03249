using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Mirroring.Comparing;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>The wire records of mirrors.</summary>
internal static class MirrorViews
{
    public static MirrorStatus Of(MirrorRuns runs, Service service) => runs.NewestOf(service) is { } run
        ? new(service.Name, run.End is null, Of(run))
        : new(service.Name, Running: false, Newest: null);

    private static MirrorReport Of(MirrorRun run)
    {
        // What is under way first: a copy that ends meanwhile is then counted twice, and not missing.
        var open = run.Open;
        var (order, settings, counts, end) = (run.Order, run.Settings, run.Counts, run.End);
        var figures = run.Report.Read();
        return new MirrorReport(
            order.From,
            order.To,
            settings.Percent,
            [.. settings.Methods.Order(StringComparer.Ordinal)],
            settings.RequireIdempotencyKey,
            settings.MaxBodyBytes,
            settings.MaxConcurrent,
            settings.MaxPerSecond,
            settings.MaxLatency?.TotalMilliseconds,
            order.Actor,
            order.Reason,
            order.Since,
            run.EndsAt,
            end?.At,
            end?.Why,
            open,
            counts.Sent,
            counts.Repeated,
            counts.Answered,
            counts.Failed,
            counts.SameStatus,
            figures.Different,
            figures.BodiesNotKept,
            new(figures.Active.P50, figures.Active.P99),
            new(figures.Standby.P50, figures.Standby.P99),
            [.. figures.Routes.Select(route => new MirroredRoute(route.Route, route.Compared, route.NoiseCompared))],
            [.. figures.Places.Select(Of)],
            figures.PlacesLeftOut,
            counts.Skipped.ToDictionary(skip => skip.Why.ToText(), skip => skip.Count, StringComparer.Ordinal),
            [.. Warnings(run)]);
    }

    private static MirrorDifference Of(FoundDifference found) => new(
        found.Route,
        found.Path,
        NameOf(found.Verdict),
        found.Differ,
        found.NoiseDiffer,
        found.Evidence.NewBad,
        found.Evidence.OldBad,
        found.Sample?.Left,
        found.Sample?.Right,
        found.Sample is null ? null : found.SampledAt);

    public static string NameOf(DifferenceVerdict verdict) => verdict switch
    {
        DifferenceVerdict.Different => "different",
        DifferenceVerdict.Suspected => "suspected",
        _ => "noise",
    };

    private static IEnumerable<string> Warnings(MirrorRun run)
    {
        foreach (var (place, what) in new[] { ("$", "no difference in a JSON body is"), ("body", "no difference in a body other than JSON is"), ("status", "no difference of the status is") })
        {
            if (run.Settings.Compare.Ignore.Contains(place, StringComparer.Ordinal))
            {
                yield return $"compare.ignore has {place}: {what} found, and a gate that asks for this mirror passes over it.";
            }
        }

        var twice = run.Settings.Methods.Except(MirrorSettings.SafeMethods).Order(StringComparer.Ordinal).ToList();
        if (twice.Count > 0)
        {
            yield return $"{string.Join(", ", twice)}: these requests are carried out twice, once by each slot. What they change, send or pay happens twice where the slots share databases, queues or third parties.";
            if (!run.IsVerifiable)
            {
                yield return "APIs can't tell these copies from clients' requests: no key is configured (BlueGreen:Mirroring:Key).";
            }
        }
    }
}

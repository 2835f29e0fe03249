using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Mirroring.Comparing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Gates;

/// <summary>The gate <c>mirror</c>: what the newest mirror has found out about these two slots. Pure but for the figures that it reads.</summary>
internal static class MirrorGate
{
    // With fewer second copies no place can be called different, whatever the standby does: a gate that can't fail has not looked.
    private const long LeastNoisePairs = 12;

    /// <summary>Judges.</summary>
    /// <param name="target">The service and its slots.</param>
    /// <param name="wanted">What is asked of the mirror.</param>
    /// <param name="run">The mirror that runs, or ran last; null for none.</param>
    public static GateResult Judge(GateTarget target, MirrorGateState wanted, MirrorRun? run)
    {
        var service = target.Service.Name;
        if (WhyNotAbout(target, run) is { } why)
        {
            return Failed(service, $"{why}: bluegreen mirror start {service}");
        }

        var (counts, figures) = (run!.Counts, run.Report.Read());
        if (counts.Answered < wanted.MinRequests)
        {
            return Failed(service, string.Create(
                CultureInfo.InvariantCulture,
                $"the standby answered {counts.Answered} of {wanted.MinRequests} mirrored requests, {wanted.MinRequests - counts.Answered} are missing{(run.End is { } end ? $"; the mirror has ended: {end.Why}" : "")}. Mirror longer, or more: bluegreen mirror start {service}"));
        }

        if (figures.PlacesLeftOut > 0)
        {
            return Failed(service, string.Create(
                CultureInfo.InvariantCulture,
                $"{figures.PlacesLeftOut} differences found no room in the report, so nothing is known of them. Name what is random there: bluegreen mirror start {service} --ignore PLACE"));
        }

        var pairs = figures.Routes.Sum(route => route.NoiseCompared);
        return pairs < LeastNoisePairs
            ? Failed(service, string.Create(
                CultureInfo.InvariantCulture,
                $"the active slot answered {pairs} requests a second time, at least {LeastNoisePairs} are needed to tell a difference from noise: bluegreen mirror start {service} --noise 20"))
            : JudgeDifferences(service, wanted, counts, figures, run.Settings.Compare.DescribeLeftOut());
    }

    /// <summary>Why a mirror says nothing about these two slots as they are now; null if it does.</summary>
    public static string? WhyNotAbout(GateTarget target, MirrorRun? run)
    {
        if (run is null)
        {
            return $"no mirror of {target.Service.Name} since this gateway started";
        }

        if (run.Order.From != target.From.Name || run.Order.Generation != target.Generation)
        {
            return $"the newest mirror was about other versions: it began at generation {run.Order.Generation}, and the service is at {target.Generation}";
        }

        if (run.Outdated is { } what)
        {
            return $"the newest mirror was about other versions: {what}";
        }

        // A process that was replaced in its place: no generation tells.
        foreach (var (slot, then) in new[] { (target.From, run.ActiveVersion), (target.To, run.StandbyVersion) })
        {
            if (then is not null && slot.ReportedVersion is { } now && now != then)
            {
                return $"the newest mirror was about other versions: {slot.Name.ToText()} reported {then} when it began, and {now} now";
            }
        }

        return null;
    }

    private static GateResult JudgeDifferences(string service, MirrorGateState wanted, MirrorCounts counts, DifferenceFigures figures, string leftOut)
    {
        var places = figures.Places.Where(place => place.Verdict == DifferenceVerdict.Different).ToList();
        var suspected = figures.Places.Count(place => place.Verdict == DifferenceVerdict.Suspected);
        var share = figures.Compared == 0 ? 0 : (double)figures.SurelyDifferent / figures.Compared;
        var found = places.Count == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture, $"{figures.SurelyDifferent} of {figures.Compared} requests ({share:0.####%}) have a place that is different, maxDifference is {wanted.MaxDifference:0.####%}: {string.Join("; ", places.Take(3).Select(place => Describe(place, figures)))}{(places.Count > 3 ? $"; and {places.Count - 3} more" : "")}");
        return share > wanted.MaxDifference
            ? Failed(service, $"{found}{leftOut}. See all: bluegreen mirror diff {service}")
            : new(GateNames.Mirror, service, GateStatus.Passed, string.Create(
                CultureInfo.InvariantCulture,
                $"{counts.Answered} mirrored requests answered, {(found.Length == 0 ? "no place is different" : found)}{(suspected == 0 ? "" : $"; {Counted.Of(suspected, "place")} suspected, which does not count: bluegreen mirror diff {service}")}{leftOut}"));
    }

    private static string Describe(FoundDifference place, DifferenceFigures figures)
    {
        var route = figures.Routes.FirstOrDefault(route => route.Route == place.Route);
        return string.Create(
            CultureInfo.InvariantCulture, $"{place.Route} {place.Path}: {place.Differ} of {route?.Compared} differ; same version: {place.NoiseDiffer} of {route?.NoiseCompared}");
    }

    private static GateResult Failed(string service, string detail) => new(GateNames.Mirror, service, GateStatus.Failed, detail);
}

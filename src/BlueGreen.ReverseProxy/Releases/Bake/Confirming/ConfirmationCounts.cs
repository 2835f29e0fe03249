using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Releases.Bake.Confirming;

/// <summary>What an attempt of a confirmation has counted.</summary>
/// <param name="NewBad">The failures on the new slot; where clients count once, the clients.</param>
/// <param name="OldBad">The same on the old slot.</param>
/// <param name="NewResponses">The new slot's responses, failures included.</param>
/// <param name="OldResponses">The same of the old slot.</param>
/// <param name="OldBadResponses">The old slot's failures; each of them, also where clients count once.</param>
internal sealed record ConfirmationCounts(long NewBad, long OldBad, long NewResponses, long OldResponses, long OldBadResponses)
{
    public static ConfirmationCounts None { get; } = new(0, 0, 0, 0, 0);

    /// <summary>The same of the kind of responses that has raised the alarm by itself; null where it was all of them.</summary>
    public SplitCounts? OfStratum { get; init; }

    /// <summary>Reads them.</summary>
    /// <param name="watch">What counts the attempt's requests.</param>
    /// <param name="metric">What is compared.</param>
    public static ConfirmationCounts Of(SplitWatch watch, string metric)
    {
        if (watch.HangsOf(isNew: true) is { } newHangs && watch.HangsOf(isNew: false) is { } oldHangs)
        {
            var (added, old) = (newHangs.Read(), oldHangs.Read());
            return watch.IsByRequest
                ? new(added.Bad, old.Bad, added.Trials, old.Trials, old.Bad)
                : new(added.BadByClient.Clients, old.BadByClient.Clients, added.Trials, old.Trials, old.Bad);
        }

        var isSlowness = BakePlan.IsLatency(metric);
        var evidence = isSlowness ? watch.Slowness : watch.Evidence;
        return new(evidence.NewBad, evidence.OldBad, watch.NewResponses.Answered, watch.OldResponses.Answered, isSlowness ? watch.OldSlow : watch.OldResponses.Bad) { OfStratum = watch.OfStratum };
    }
}

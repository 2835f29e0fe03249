using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>The outcome of a verification.</summary>
/// <param name="Passed">Whether every destination passed every probe.</param>
/// <param name="Detail">What was found, for people.</param>
/// <param name="Destinations">The ids of the destinations that were probed.</param>
/// <param name="PassedDestinations">How many of them passed every probe that they were sent.</param>
/// <param name="Reports">The newest report of every destination that sent one, by destination id.</param>
internal sealed record SlotVerification(
    bool Passed, string Detail, IReadOnlyList<string> Destinations, int PassedDestinations, IReadOnlyDictionary<string, HealthReport> Reports);

/// <summary>Measures a slot afresh. What was measured before the call counts for nothing.</summary>
internal sealed class SlotVerifier(HealthMonitor monitor, TimeProvider time)
{
    /// <summary>Probes every destination of the slot so many times in a row; one failure ends it.</summary>
    public async Task<SlotVerification> VerifyAsync(Service service, Slot slot, int passes, CancellationToken cancellationToken)
    {
        var probers = monitor.ProbersOf(slot);
        var reports = new Dictionary<string, HealthReport>(StringComparer.Ordinal);
        SlotVerification Result(bool passed, string detail, int passedDestinations) =>
            new(passed, detail, [.. probers.Select(prober => prober.Id)], passedDestinations, reports);
        if (probers.IsEmpty)
        {
            return Result(false, $"{slot.Name.ToText()} has no destinations", 0);
        }

        for (var round = 1; ; round++)
        {
            var probes = await Task.WhenAll(probers.Select(prober => prober.ProbeAsync(cancellationToken)));
            var failures = new List<string>();
            foreach (var (prober, probe) in probers.Zip(probes))
            {
                if (probe.Report is { } report)
                {
                    reports[prober.Id] = report;
                }

                if (!probe.Passed)
                {
                    failures.Add($"{prober.Id} ({prober.Address}): {probe.Reason}");
                }
            }

            if (failures.Count > 0)
            {
                return Result(
                    false,
                    $"probe {round} of {passes} failed on {failures.Count} of {Counted.Of(probers.Length, "destination")}: {string.Join("; ", failures)}",
                    probers.Length - failures.Count);
            }

            // Somebody replaced destinations meanwhile: what passed is not what would take the traffic.
            if (!monitor.ProbersOf(slot).SequenceEqual(probers))
            {
                return Result(false, $"the destinations of {slot.Name.ToText()} changed during the verification", 0);
            }

            if (round == passes)
            {
                return Result(true, $"{Counted.Of(probers.Length, "destination")} passed {Counted.Of(passes, "probe")} in a row", probers.Length);
            }

            await Task.Delay(service.Options.Health.VerifyInterval, time, cancellationToken);
        }
    }
}

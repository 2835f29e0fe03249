using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Routing;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>The outcome of a verification.</summary>
/// <param name="Passed">Whether every destination passed every probe.</param>
/// <param name="Detail">What was found, for people.</param>
/// <param name="Reports">The newest report of every destination that sent one, by destination id.</param>
internal sealed record SlotVerification(bool Passed, string Detail, IReadOnlyDictionary<string, HealthReport> Reports);

/// <summary>Measures a slot afresh. What was measured before the call counts for nothing.</summary>
internal sealed class SlotVerifier(HealthMonitor monitor, TimeProvider time)
{
    /// <summary>Probes every destination of the slot so many times in a row; one failure ends it.</summary>
    public async Task<SlotVerification> VerifyAsync(ServiceEntry service, Slot slot, int passes, CancellationToken cancellationToken)
    {
        var probers = monitor.ProbersOf(slot);
        if (probers.IsEmpty)
        {
            return new(false, $"{slot.Name.ToText()} has no destinations", new Dictionary<string, HealthReport>(StringComparer.Ordinal));
        }

        var reports = new Dictionary<string, HealthReport>(StringComparer.Ordinal);
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
                    failures.Add($"{prober.Id} ({prober.Model.Config.Address}): {probe.Reason}");
                }
            }

            if (failures.Count > 0)
            {
                return new(false, $"probe {round} of {passes} failed on {failures.Count} of {probers.Length} destinations: {string.Join("; ", failures)}", reports);
            }

            // Somebody replaced destinations meanwhile: what passed is not what would take the traffic.
            if (!monitor.ProbersOf(slot).SequenceEqual(probers))
            {
                return new(false, $"the destinations of {slot.Name.ToText()} changed during the verification", reports);
            }

            if (round == passes)
            {
                return new(true, $"{Count(probers.Length, "destination")} passed {Count(passes, "probe")} in a row", reports);
            }

            await Task.Delay(service.Options.Health.VerifyInterval, time, cancellationToken);
        }
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}

using BlueGreen.ReverseProxy.Slots.Splitting;
using MathNet.Numerics.Distributions;

namespace BlueGreen.Gateway.Benchmarks.Shifting;

/// <summary>What became of one run.</summary>
/// <param name="TakenBackAt">The seconds until the version was taken back; null when it never was.</param>
/// <param name="WholeAt">The seconds until it had all of the traffic; null when it never had.</param>
/// <param name="Bad">The bad responses that it had given by then, those that hang included.</param>
internal sealed record RolloutRun(double? TakenBackAt, double? WholeAt, long Bad)
{
    // The finest step in which arrivals are drawn.
    private const double Slice = 0.05;

    /// <summary>Runs one rollout of one version. The same seed, the same arrivals and failures.</summary>
    public static RolloutRun Of(Rollout rollout, ReleaseFault fault, double requestsPerSecond, double seconds, int seed)
    {
        var random = new Random(seed);
        var rule = rollout.Begin(requestsPerSecond);
        var hanging = new Queue<(double Since, long Count)>();
        var (waiting, requests, bad, oldBad, all) = (0L, 0L, 0L, 0L, 0L);
        double? whole = null;
        var looked = 0.0;
        for (var now = Slice; now <= seconds; now += Slice)
        {
            var share = rule.Weight / (double)TrafficSplit.Whole;
            var arrived = Poisson.Sample(random, requestsPerSecond * Slice * share);

            // Turned away one by one, as they come: what fails or hangs takes room from those after it.
            for (var request = 0; request < arrived && rule.Room(waiting) > 0; request++)
            {
                requests++;
                if (random.NextDouble() < fault.Hangs)
                {
                    waiting++;
                    all++;
                    hanging.Enqueue((now, 1));
                }
                else if (random.NextDouble() < ReleaseFault.BaseRate + fault.Lift)
                {
                    bad++;
                    all++;
                }
            }

            oldBad += share < 1 ? Poisson.Sample(random, requestsPerSecond * Slice * (1 - share) * ReleaseFault.BaseRate) : 0;
            while (hanging.TryPeek(out var oldest) && now - oldest.Since >= ReleaseFault.Patience)
            {
                hanging.Dequeue();
                waiting -= oldest.Count;
                bad += oldest.Count;
            }

            if (now - looked < rule.Interval - (Slice / 2))
            {
                continue;
            }

            looked = now;
            if (rule.See(new Second(now, requests, bad, oldBad, waiting)))
            {
                return new RolloutRun(now, whole, all);
            }

            whole ??= rule.Weight == TrafficSplit.Whole ? now : null;
            (requests, bad, oldBad) = (waiting, 0, 0);
        }

        return new RolloutRun(null, whole, all);
    }
}

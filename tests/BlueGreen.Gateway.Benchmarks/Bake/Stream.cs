using System.Runtime.InteropServices;
using MathNet.Numerics.Distributions;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>One recorded stream: half an hour of the old slot, then half an hour of the new one, minute by minute. Every detector gets the same.</summary>
/// <param name="Before">The old slot's minutes.</param>
/// <param name="After">The new slot's minutes.</param>
internal sealed record Stream(IReadOnlyList<Minute> Before, IReadOnlyList<Minute> After)
{
    public const int Minutes = 30;

    /// <summary>Draws a stream.</summary>
    /// <param name="scenario">What it looks like.</param>
    /// <param name="seed">The same seed, the same stream.</param>
    public static Stream Draw(Scenario scenario, int seed)
    {
        var random = new Random(seed);

        // Somewhere in the day.
        var phase = random.NextDouble() * 24 * 60;
        return new Stream(
            [.. Enumerable.Range(-Minutes, Minutes).Select(minute => Draw(scenario, random, minute, phase, lift: 0))],
            [.. Enumerable.Range(0, Minutes).Select(minute => Draw(scenario, random, minute, phase, scenario.Lift))]);
    }

    private static Minute Draw(Scenario scenario, Random random, int minute, double phase, double lift)
    {
        if (scenario.EmptyMinutes > 0 && random.NextDouble() < scenario.EmptyMinutes)
        {
            return new Minute(0, []);
        }

        var rate = scenario.BaseRate + lift;
        if (scenario.DailyDrift)
        {
            // From two thirds of the mean to four thirds and back: twice as much at the peak as in the trough.
            rate = (scenario.BaseRate * (1 + (Math.Sin((minute + phase) / (24 * 60) * 2 * Math.PI) / 3))) + lift;
        }

        if (scenario.IsOut(minute))
        {
            rate = Scenario.OutageRate;
        }

        var requests = scenario.RequestsPerSecond * 60;
        var origins = Poisson.Sample(random, requests * rate);
        var bad = new List<BadResponse>();
        for (var origin = 0; origin < origins; origin++)
        {
            var at = random.NextDouble();
            var client = random.Next();
            bad.Add(new BadResponse(at, client));
            for (var retry = 0; retry < scenario.MostRetries && random.NextDouble() < Scenario.RetryFails; retry++)
            {
                // Within the same second or two, by the same client.
                bad.Add(new BadResponse(Math.Min(at + ((retry + 1) * 0.01), 0.999999), client));
            }
        }

        bad.Sort((left, right) => left.At.CompareTo(right.At));
        return new Minute(Poisson.Sample(random, requests * (1 - rate)) + bad.Count, bad);
    }
}

/// <summary>What one minute brought.</summary>
/// <param name="Responses">All of them; they are spread evenly over the minute.</param>
/// <param name="Bad">The bad ones, in the order of their times.</param>
internal sealed record Minute(long Responses, IReadOnlyList<BadResponse> Bad);

/// <summary>A bad response.</summary>
/// <param name="At">When in the minute, from 0 to 1.</param>
/// <param name="Client">Who got it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BadResponse(double At, int Client);

/// <summary>What streams look like.</summary>
/// <param name="Name">For the tables.</param>
/// <param name="RequestsPerSecond">On average; arrivals are a Poisson process.</param>
/// <param name="Lift">By how much the new slot's rate of bad responses lies above the old one's.</param>
internal sealed record Scenario(string Name, double RequestsPerSecond, double Lift)
{
    public const double OutageRate = 0.5;
    public const double RetryFails = 0.7;

    public double BaseRate { get; init; } = 0.001;

    public bool DailyDrift { get; init; }

    /// <summary>How often a client repeats a request that has failed, at the most; each repetition fails with <see cref="RetryFails"/>.</summary>
    public int MostRetries { get; init; }

    /// <summary>The part of the minutes in which nothing comes.</summary>
    public double EmptyMinutes { get; init; }

    /// <summary>Whether what both slots depend on is down from the tenth minute after the switch to the fifteenth.</summary>
    public bool SharedOutage { get; init; }

    public bool IsOut(int minute) => SharedOutage && minute is >= 10 and < 15;
}

using MathNet.Numerics.Distributions;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>What may happen to both slots.</summary>
internal static class Weathers
{
    private const double Day = 24 * 3600;

    public static IEnumerable<Spell> Steady(Random random) => [new(World.EndSeconds)];

    /// <summary>Now and then everything fails at some rate for some seconds.</summary>
    /// <param name="rate">The rate.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="everySeconds">How often.</param>
    /// <param name="isRegular">Whether like clockwork; otherwise at random times.</param>
    public static Func<Random, IEnumerable<Spell>> Hiccups(double rate, double seconds, double everySeconds, bool isRegular = false) => random =>
    {
        var spells = new List<Spell>();
        for (var at = -World.PastSeconds - (isRegular ? random.NextDouble() * everySeconds : 0); at < World.EndSeconds;)
        {
            at += isRegular ? everySeconds - seconds : Exponential.Sample(random, 1 / everySeconds);
            spells.Add(new(at));
            at += seconds;
            spells.Add(new(at, Floor: rate));
        }

        return spells;
    };

    /// <summary>Two states of random length: five minutes at half of the rate, one minute at five times the rate, on average.</summary>
    public static IEnumerable<Spell> TwoStates(Random random)
    {
        var isBad = random.NextDouble() < 1.0 / 6;
        for (var at = -World.PastSeconds; at < World.EndSeconds; isBad = !isBad)
        {
            at += Exponential.Sample(random, 1 / (isBad ? 60.0 : 300.0));
            yield return new(at, Factor: isBad ? 5 : 0.5);
        }
    }

    /// <summary>The logarithm of the rate walks at random: a step every 10 s, with a standard deviation of 0.5 in 15 minutes.</summary>
    public static IEnumerable<Spell> RandomWalk(Random random)
    {
        const double Step = 10;
        var (walked, deviation) = (0.0, 0.5 / Math.Sqrt(World.BakeSeconds / Step));
        for (var at = -World.PastSeconds; at < World.EndSeconds; walked += Normal.Sample(random, 0, deviation))
        {
            yield return new(at += Step, Factor: Math.Exp(walked));
        }
    }

    /// <summary>From the switch on the rate grows, to twice as much after 15 minutes, and stays there.</summary>
    public static IEnumerable<Spell> Doubling(Random random)
    {
        const double Step = 5;
        yield return new(0);
        for (var at = Step; at <= World.BakeSeconds; at += Step)
        {
            yield return new(at, Factor: 1 + (at / World.BakeSeconds));
        }

        yield return new(World.EndSeconds, Factor: 2);
    }

    /// <summary>Some time of a day: traffic from half as much to half as much again, the rate by a third up and down.</summary>
    public static IEnumerable<Spell> Diurnal(Random random)
    {
        const double Step = 30;
        var phase = random.NextDouble() * Day;
        for (var at = -World.PastSeconds; at < World.EndSeconds;)
        {
            var wave = Math.Sin((at + phase) / Day * 2 * Math.PI);
            yield return new(at += Step, Factor: 1 + (wave / 3), Traffic: 1 + (wave / 2));
        }
    }

    /// <summary>Every minute both slots stop for half a second; a request waits for the rest of it.</summary>
    public static IEnumerable<Spell> Pauses(Random random)
    {
        const double Pause = 0.5;
        const double Step = 0.05;
        for (var at = -World.PastSeconds - (random.NextDouble() * 60); at < World.EndSeconds; at += Pause)
        {
            yield return new(at += 60 - Pause);
            for (var waited = Step; waited < Pause + (Step / 2); waited += Step)
            {
                yield return new(at + waited, ExtraMs: 1000 * (Pause - waited + (Step / 2)));
            }
        }
    }

    /// <summary>The new slot is slower for its first minute.</summary>
    public static Func<Random, IEnumerable<Spell>> ColdStart(double slowdown) => _ => [new(0), new(60, Slowdown: slowdown), new(World.EndSeconds)];
}

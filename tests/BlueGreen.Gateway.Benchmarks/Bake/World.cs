namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>What both slots live in, and what is wrong with the new one: described, and drawn anew for each run (<see cref="WorldRun"/>).</summary>
/// <param name="Name">For the tables.</param>
internal sealed record World(string Name)
{
    public const double BaseRate = 0.001;
    public const double PastSeconds = 30 * 60;
    public const double BakeSeconds = 15 * 60;

    /// <summary>Until when a world is drawn: the time that attempts take is added to the bake.</summary>
    public const double EndSeconds = BakeSeconds + 5400;

    /// <summary>On average, clients that repeat a request not included; arrivals are a Poisson process.</summary>
    public double RequestsPerSecond { get; init; } = 100;

    public IReadOnlyList<Route> Routes { get; init; } = Route.Zipf(20);

    public Population Clients { get; init; } = Population.Thousand;

    /// <summary>What happens to both slots, drawn from the beginning of the past to the end.</summary>
    public Func<Random, IEnumerable<Spell>> Weather { get; init; } = Weathers.Steady;

    /// <summary>How many clients, from the switch on, repeat a request that fails on both slots.</summary>
    public int Repeaters { get; init; }

    /// <summary>How often each of them does; its times are a Poisson process.</summary>
    public double RepeatsPerSecond { get; init; } = 1;

    /// <summary>What is wrong with the new slot; null when nothing is.</summary>
    public Fault? Fault { get; init; }

    /// <summary>Whether a response is bad because it is slow, and not because it fails.</summary>
    public bool IsOfLatency { get; init; }

    /// <summary>How long a response takes: what is in flight when the rollback is decided is bad as well.</summary>
    public double ResponseSeconds { get; init; }
}

/// <summary>A part of the traffic.</summary>
/// <param name="Share">Of the requests.</param>
/// <param name="Rate">The part of its responses that is bad on either slot.</param>
/// <param name="Surge">How many times as many requests it gets after the switch.</param>
internal sealed record Route(double Share, double Rate, double Surge = 1)
{
    /// <summary>Whether the old slot has had no request of it, in the time that the new one is held against.</summary>
    public bool IsNew { get; init; }

    /// <summary>So many routes, the n-th with a share of 1/n (Zipf's law).</summary>
    /// <param name="count">How many.</param>
    /// <param name="share">Their share of all requests.</param>
    /// <param name="rate">The part of their responses that is bad.</param>
    public static IReadOnlyList<Route> Zipf(int count, double share = 1, double rate = World.BaseRate)
    {
        var sum = Enumerable.Range(1, count).Sum(rank => 1.0 / rank);
        return [.. Enumerable.Range(1, count).Select(rank => new Route(share / rank / sum, rate))];
    }
}

/// <summary>A time in which nothing changes.</summary>
/// <param name="Until">Its end, in seconds after the switch; negative before it.</param>
/// <param name="Factor">How many times as often everything fails.</param>
/// <param name="Floor">The least rate at which everything fails.</param>
/// <param name="Traffic">How many times as many requests come.</param>
/// <param name="ExtraMs">By how much every response is slower, on both slots.</param>
/// <param name="Slowdown">How many times as long the new slot takes.</param>
internal sealed record Spell(double Until, double Factor = 1, double Floor = 0, double Traffic = 1, double ExtraMs = 0, double Slowdown = 1);

/// <summary>What only the new slot does wrong.</summary>
/// <param name="Lift">The part of the requests concerned that fail because of it.</param>
internal sealed record Fault(double Lift)
{
    /// <summary>The seconds after the switch from which on it does.</summary>
    public double From { get; init; }

    /// <summary>The route concerned; null for all of them.</summary>
    public int? Route { get; init; }

    /// <summary>How many clients are concerned, drawn for each run; null for all of them.</summary>
    public int? Clients { get; init; }

    /// <summary>The client concerned; null for all of them, or for those drawn.</summary>
    public int? Client { get; init; }
}

/// <summary>A failure, or a slow response, that happens if its request gets to the slot that it needs.</summary>
/// <param name="At">When it arrives, in seconds after the switch.</param>
/// <param name="Client">Whose it is.</param>
/// <param name="Route">Which route it asks for.</param>
/// <param name="OnNewOnly">Whether it is good on the old slot.</param>
internal readonly record struct Failure(double At, int Client, int Route, bool OnNewOnly);

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>The worlds of the tables.</summary>
internal static class Worlds
{
    private static readonly Func<Random, IEnumerable<Spell>> EveryTwoMinutes = Weathers.Hiccups(0.2, 10, 120, isRegular: true);
    private static readonly Func<Random, IEnumerable<Spell>> EveryTenMinutes = Weathers.Hiccups(0.2, 10, 600);

    // One response in a thousand fails, nine of ten on the two error-prone routes.
    private static readonly IReadOnlyList<Route> ShiftingMix =
    [
        new(0.02, 0.025, Surge: 2), new(0.03, 0.4 / 30, Surge: 2), .. Route.Zipf(18, 0.95, 0.0001 / 0.95),
    ];

    private static readonly IReadOnlyList<Route> OneRoute = [new(1, World.BaseRate)];

    // Twenty routes, and one more of this share.
    private const int OneMore = 20;

    /// <summary>Both slots are alike: a rollback is wrong.</summary>
    public static IReadOnlyList<World> Alike { get; } =
    [
        new("independent"),
        new("… a single route") { Routes = OneRoute },
        new("… 200 routes") { Routes = Route.Zipf(200) },
        new("hiccups of 10 s (20 % fail), every 2 min") { Weather = EveryTwoMinutes },
        new("… a single route, every 2 min") { Weather = EveryTwoMinutes, Routes = OneRoute },
        new("… about every 10 min") { Weather = EveryTenMinutes },
        new("… 200 routes, about every 10 min") { Weather = EveryTenMinutes, Routes = Route.Zipf(200) },
        new("… about every 60 min") { Weather = Weathers.Hiccups(0.2, 10, 3600) },
        new("outage of 2 s (all fail), about every 60 min") { Weather = Weathers.Hiccups(1, 2, 3600) },
        new("two states, 0.05 % for 5 min, 0.5 % for 1 min") { Weather = Weathers.TwoStates },
        new("rate walks at random") { Weather = Weathers.RandomWalk },
        new("rate doubles within the bake") { Weather = Weathers.Doubling },
        new("… at 1,000 requests/s") { Weather = Weathers.Doubling, RequestsPerSecond = 1000 },
        new("two error-prone routes get twice the traffic") { Routes = ShiftingMix },
        new("a new route (5 % of the traffic) fails as often as the others") { Routes = With(new(0.05, World.BaseRate) { IsNew = true }) },
        new("1 client repeats a failing request, once a second") { Repeaters = 1 },
        new("3 clients do") { Repeaters = 3 },
        new("5 clients do") { Repeaters = 5 },
        new("10 clients do") { Repeaters = 10 },
        new("10 clients do, 5 times a second") { Repeaters = 10, RepeatsPerSecond = 5 },
        new("1 such client behind 1 balancer node") { Repeaters = 1, Clients = Population.Nodes(1) },
        new("… behind 2 nodes") { Repeaters = 1, Clients = Population.Nodes(2) },
        new("… behind 3 nodes") { Repeaters = 1, Clients = Population.Nodes(3) },
        new("time of day") { Weather = Weathers.Diurnal },
        new("latency: both pause 500 ms every 60 s") { IsOfLatency = true, Weather = Weathers.Pauses },
    ];

    /// <summary>The new slot is worse, for a minute.</summary>
    public static IReadOnlyList<World> Cold { get; } =
    [
        new("latency: new slot ×3 for 60 s") { IsOfLatency = true, Weather = Weathers.ColdStart(3) },
        new("latency: new slot ×10 for 60 s") { IsOfLatency = true, Weather = Weathers.ColdStart(10) },
    ];

    /// <summary>The new slot is worse.</summary>
    public static IReadOnlyList<World> Faulty { get; } =
    [
        new("+0.1 points") { Fault = new(0.001) },
        new("+0.5") { Fault = new(0.005) },
        new("+1") { Fault = new(0.01) },
        new("+1, a single route") { Fault = new(0.01), Routes = OneRoute },
        new("+1, 200 routes") { Fault = new(0.01), Routes = Route.Zipf(200) },
        new("+5") { Fault = new(0.05) },
        new("+50") { Fault = new(0.5) },
        new("+100") { Fault = new(1) },
        new("+50 at 1,000 requests/s of 50 ms") { Fault = new(0.5), RequestsPerSecond = 1000, ResponseSeconds = 0.05 },
        new("+1 from 450 s on") { Fault = new(0.01) { From = 450 } },
        new("+5 from 450 s on") { Fault = new(0.05) { From = 450 } },
        new("+5 among hiccups every 2 min") { Fault = new(0.05), Weather = EveryTwoMinutes },
        new("+5 among hiccups about every 10 min") { Fault = new(0.05), Weather = EveryTenMinutes },
        new("+1 among hiccups every 2 min") { Fault = new(0.01), Weather = EveryTwoMinutes },
        new("+1 among hiccups about every 10 min") { Fault = new(0.01), Weather = EveryTenMinutes },
        new("a route with 0.1 % of the traffic fails wholly") { Routes = With(new(0.001, World.BaseRate)), Fault = new(1) { Route = OneMore } },
        new("a route with 1 % of the traffic, +20 points") { Routes = With(new(0.01, World.BaseRate)), Fault = new(0.2) { Route = OneMore } },
        new("a new route (0.1 % of the traffic) fails wholly") { Routes = With(new(0.001, World.BaseRate) { IsNew = true }), Fault = new(1) { Route = OneMore } },
        new("1 % of the clients are broken") { Fault = new(1) { Clients = 10 } },
        new("+87, one address and a monitor that works") { Clients = Population.Dominant, Fault = new(0.87) { Client = 0 } },
    ];

    /// <summary>Where first stages are compared.</summary>
    public static IReadOnlyList<World> ForStages { get; } =
    [
        .. Faulty.Where(world => world.Name is not ("+0.1 points" or "+100" or "+5 among hiccups about every 10 min")
            && !IsOneOf(world, "single", "200", "+87", "1,000", "new route")),
        .. Alike.Where(world => world.Name is "independent" or "two error-prone routes get twice the traffic" or "3 clients do" or "5 clients do"
            || (!world.Name.Contains("routes", StringComparison.Ordinal) && IsOneOf(world, "every 2 min", "every 10 min", "two states", "doubles", "1 client repeats"))),
    ];

    private static bool IsOneOf(World world, params string[] parts) => parts.Any(part => world.Name.Contains(part, StringComparison.Ordinal));

    private static IReadOnlyList<Route> With(Route route) => [.. Route.Zipf(OneMore, 1 - route.Share), route];
}

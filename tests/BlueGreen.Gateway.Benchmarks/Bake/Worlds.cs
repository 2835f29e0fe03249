namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>The worlds of the tables.</summary>
internal static class Worlds
{
    private static readonly Func<Random, IEnumerable<Spell>> EveryTwoMinutes = Weathers.Hiccups(0.2, 10, 120, isRegular: true);
    private static readonly Func<Random, IEnumerable<Spell>> EveryTenMinutes = Weathers.Hiccups(0.2, 10, 600);

    // One response in a thousand fails, nine of ten on the two error-prone routes.
    private static readonly Route[] ShiftingMix = [new(0.02, 0.025, Surge: 2), new(0.03, 0.4 / 30, Surge: 2), new(0.95, 0.0001 / 0.95)];

    /// <summary>Both slots are alike: a rollback is wrong.</summary>
    public static IReadOnlyList<World> Alike { get; } =
    [
        new("independent"),
        new("hiccups of 10 s (20 % fail), every 2 min") { Weather = EveryTwoMinutes },
        new("… about every 10 min") { Weather = EveryTenMinutes },
        new("… about every 60 min") { Weather = Weathers.Hiccups(0.2, 10, 3600) },
        new("outage of 2 s (all fail), about every 60 min") { Weather = Weathers.Hiccups(1, 2, 3600) },
        new("two states, 0.05 % for 5 min, 0.5 % for 1 min") { Weather = Weathers.TwoStates },
        new("rate walks at random") { Weather = Weathers.RandomWalk },
        new("rate doubles within the bake") { Weather = Weathers.Doubling },
        new("… at 1,000 requests/s") { Weather = Weathers.Doubling, RequestsPerSecond = 1000 },
        new("two error-prone routes get twice the traffic") { Routes = ShiftingMix },
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
        new("a route with 0.1 % of the traffic fails wholly") { Routes = [new(0.999, World.BaseRate), new(0.001, World.BaseRate)], Fault = new(1) { Route = 1 } },
        new("1 % of the clients are broken") { Fault = new(1) { Clients = 10 } },
        new("+87, one address and a monitor that works") { Clients = Population.Dominant, Fault = new(0.87) { Client = 0 } },
    ];

    /// <summary>Where first stages are compared.</summary>
    public static IReadOnlyList<World> ForStages { get; } =
    [
        .. Alike.Where(world => world.Name is "independent" or "two error-prone routes get twice the traffic" or "5 clients do" or "10 clients do"
            || IsOneOf(world, "every 2 min", "every 10 min", "two states", "doubles", "1 client repeats", "latency")),
        .. Faulty.Where(world => world.Name is not ("+100" or "+5 among hiccups about every 10 min") && !IsOneOf(world, "a route", "+87", "1,000")),
    ];

    private static bool IsOneOf(World world, params string[] parts) => parts.Any(part => world.Name.Contains(part, StringComparison.Ordinal));
}

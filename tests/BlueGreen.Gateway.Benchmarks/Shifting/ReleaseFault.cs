namespace BlueGreen.Gateway.Benchmarks.Shifting;

/// <summary>What is wrong with a new version.</summary>
/// <param name="Name">For the tables.</param>
/// <param name="Lift">By how much its rate of bad responses lies above the old one's.</param>
/// <param name="Hangs">The share of its requests that it never answers; a client gives up after <see cref="Patience"/>.</param>
internal sealed record ReleaseFault(string Name, double Lift, double Hangs)
{
    public const double BaseRate = 0.001;
    public const double Patience = 10;

    public static readonly IReadOnlyList<ReleaseFault> All =
    [
        new("+0.5 points", 0.005, 0),
        new("+1 point", 0.01, 0),
        new("+5 points", 0.05, 0),
        new("+50 points", 0.5, 0),
        new("all fail", 1 - BaseRate, 0),
        new("all hang", 0, 1),
        new("10 % hang", 0, 0.1),
    ];

    public static ReleaseFault None { get; } = new("none", 0, 0);
}

using BlueGreen.Gateway.Benchmarks.Hosts;

namespace BlueGreen.Gateway.Benchmarks.Overhead;

/// <summary>One proxy of the comparison.</summary>
/// <param name="Name">Its name in the tables.</param>
/// <param name="Kind">The kind of <see cref="ProxyHost"/>; null for the gateway as it is shipped, with its logging and admin API.</param>
/// <param name="Active">The slot that serves: blue is the cluster that the route names, green has to be put in its place.</param>
/// <param name="HasResponseHeaders">Whether responses get the gateway's headers.</param>
internal sealed record Variant(string Name, string? Kind, string Active = "blue", bool HasResponseHeaders = true)
{
    /// <summary>What everything is compared with.</summary>
    public static Variant Plain { get; } = new("plain", ProxyHost.Plain);

    /// <summary>What the measurement is compared with: the same gateway, without it.</summary>
    public static Variant Unmeasured { get; } = new("unmeasured", ProxyHost.Unmeasured);

    /// <summary>The second plain proxy is the control: its ratio to the first shows what differs without any difference.</summary>
    public static IReadOnlyList<Variant> All { get; } =
    [
        Plain,
        new("plain-again", ProxyHost.Plain),
        new("blue", ProxyHost.BlueGreen),
        Unmeasured,
        new("watched", ProxyHost.Watched),
        new("shifting", ProxyHost.Shifting),
        new("green", ProxyHost.BlueGreen, Active: "green"),
        new("blue-no-headers", ProxyHost.BlueGreen, HasResponseHeaders: false),
        new("shipped", Kind: null),
    ];

    /// <summary>What the response has to say of the slot; null for nothing.</summary>
    public string? EnvironmentHeader => Kind == ProxyHost.Plain || !HasResponseHeaders ? null : Active;
}

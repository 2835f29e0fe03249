namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Who asks.</summary>
/// <param name="Actor">The token's name, or <c>anonymous</c>.</param>
/// <param name="Client">The caller's address.</param>
internal sealed record Caller(string Actor, string? Client)
{
    /// <summary>The name of everybody where no tokens are configured.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>Who acts when nobody asked: timers, deadlines, recovery.</summary>
    public static Caller Gateway { get; } = new("gateway", null);

    /// <summary>Who acts when a bake has failed.</summary>
    public static Caller Bake { get; } = new("bake", null);

    /// <summary>Whether the caller may do what otherwise takes two people.</summary>
    public bool IsAdmin { get; init; }
}

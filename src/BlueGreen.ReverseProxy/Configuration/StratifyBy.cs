namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What responses are told apart by when a new slot is judged, so that each is held against the past of its own kind.</summary>
/// <param name="Kind">What.</param>
/// <param name="Header">The request header's name; null for other kinds.</param>
public sealed record StratifyBy(StratifyKind Kind, string? Header = null)
{
    internal const string HeaderPrefix = "header:";

    /// <summary>The route of the reverse proxy.</summary>
    public static StratifyBy Route { get; } = new(StratifyKind.Route);

    /// <summary>Nothing: all responses are judged together.</summary>
    public static StratifyBy None { get; } = new(StratifyKind.None);

    /// <summary>As it is configured: <c>route</c>, <c>header:x-tenant</c>.</summary>
    public override string ToString() => Kind == StratifyKind.Header ? HeaderPrefix + Header : Kind.ToString().ToLowerInvariant();
}

/// <summary>What responses can be told apart by.</summary>
public enum StratifyKind
{
    /// <summary>The route of the reverse proxy that the request has matched.</summary>
    Route = 0,

    /// <summary>The request's method.</summary>
    Method = 1,

    /// <summary>The request's path, as for the methods of gRPC services.</summary>
    Path = 2,

    /// <summary>The value of a request header.</summary>
    Header = 3,

    /// <summary>Nothing.</summary>
    None = 4,
}

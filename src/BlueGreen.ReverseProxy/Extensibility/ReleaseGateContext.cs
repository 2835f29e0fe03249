using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Extensibility;

/// <summary>What an <see cref="IReleaseGate"/> is asked about: one service of a release, or of a preflight.</summary>
public sealed record ReleaseGateContext
{
    /// <summary>The service.</summary>
    public required string Service { get; init; }

    /// <summary>Whether the release goes forward or back.</summary>
    public required ReleaseKind Kind { get; init; }

    /// <summary>The slot that takes the traffic.</summary>
    public required SlotName From { get; init; }

    /// <summary>The slot that would take it.</summary>
    public required SlotName To { get; init; }

    /// <summary>The version in <see cref="From"/>: what its destinations report, else what was deployed there, else null.</summary>
    public string? FromVersion { get; init; }

    /// <summary>The version in <see cref="To"/>: what its destinations report, else what was deployed there, else null.</summary>
    public string? ToVersion { get; init; }

    /// <summary>The addresses of <see cref="To"/>.</summary>
    public IReadOnlyList<string> Destinations { get; init; } = [];

    /// <summary>The version that the caller has said it expects; null if it has said none.</summary>
    public string? ExpectVersion { get; init; }

    /// <summary>The release; null in a preflight, for which there is none.</summary>
    public string? Release { get; init; }

    /// <summary>Who has ordered the release; null in a preflight.</summary>
    public string? Actor { get; init; }

    /// <summary>The reason that the caller has given; null without one, and in a preflight.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether somebody only asks what would happen.</summary>
    public bool IsPreflight => Release is null;
}

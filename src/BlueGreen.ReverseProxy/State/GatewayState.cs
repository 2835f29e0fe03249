using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.State;

/// <summary>
/// What the gateway decides on: which slot every service is on, and the releases that run. Immutable; every change is a new one with
/// the next revision. What only grows (audit, events, ended releases) is committed with it and stored beside it; see <see cref="StateChange"/>.
/// </summary>
internal sealed record GatewayState
{
    /// <summary>+1 at every commit.</summary>
    public long Revision { get; init; }

    /// <summary>A random name for this line of revisions: event numbers of a state that was lost mean nothing in the one that replaced it.</summary>
    public string History { get; init; } = "";

    /// <summary>The number in the id of the newest release.</summary>
    public long LastRelease { get; init; }

    /// <summary>The sequence of the newest audit entry.</summary>
    public long LastAudit { get; init; }

    /// <summary>The sequence of the newest event.</summary>
    public long LastEvent { get; init; }

    /// <summary>Every service that was ever configured, by name.</summary>
    public ImmutableSortedDictionary<string, ServiceState> Services { get; init; } =
        ImmutableSortedDictionary.Create<string, ServiceState>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The releases that have not ended, oldest first.</summary>
    public ImmutableList<ReleaseState> Running { get; init; } = [];

    /// <summary>Keys and tokens of previews; null until the first token is made.</summary>
    public PreviewState? Preview { get; init; }
}

using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>BlueGreen:Hooks</c>: an address that is called when something happens to a release.</summary>
public sealed record HookOptions
{
    /// <summary>The hook's name.</summary>
    public required string Name { get; init; }

    /// <summary>The address, <c>http</c> or <c>https</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>What it is called for.</summary>
    public required ImmutableArray<HookEvent> Events { get; init; }

    /// <summary>The services that it is called for. Default: all.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    /// <summary>The key of the signature; without one, calls are not signed.</summary>
    public string? Secret { get; init; }

    /// <summary>How long one call may take. Default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a hook may go on answering "still working", or a delivery be tried. Default 24 hours.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Whether the hook wants to hear of this, for one of these services.</summary>
    public bool Wants(HookEvent hookEvent, IEnumerable<string> services) =>
        Events.Contains(hookEvent) && (Services.IsEmpty || services.Any(service => Services.Contains(service, StringComparer.OrdinalIgnoreCase)));
}

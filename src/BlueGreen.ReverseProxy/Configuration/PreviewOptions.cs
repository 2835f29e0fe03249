using System.Collections.Frozen;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Preview</c>.</summary>
public sealed record PreviewOptions
{
    /// <summary>The hosts that show a preview to whoever may see it, without a token. Default none.</summary>
    public FrozenDictionary<string, PreviewHostOptions> Hosts { get; init; } = FrozenDictionary<string, PreviewHostOptions>.Empty;
}

/// <summary>One entry of <c>BlueGreen:Services:{name}:Preview:Hosts</c>.</summary>
public sealed record PreviewHostOptions
{
    /// <summary>The slot that the host shows. Default the standby.</summary>
    public PreviewSlot Slot { get; init; } = PreviewSlot.Standby;

    /// <summary>The clients that may see it; either these or <see cref="Anyone"/>.</summary>
    public NetworkSet Networks { get; init; } = NetworkSet.None;

    /// <summary>Whether everybody may see it.</summary>
    public bool Anyone { get; init; }

    /// <summary>Whether clients reach the gateway without a proxy between them, so that the peer's address is the client's. Default false.</summary>
    public bool Direct { get; init; }
}

using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Previews;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What is stored of previews: the keys, and the tokens that have not expired. The tokens themselves are not stored; a key can sign one again.</summary>
internal sealed record PreviewState
{
    /// <summary>How long a revocation is remembered after its token has expired: a wall clock that is set back must not bring the token back.</summary>
    public static readonly TimeSpan ClockMargin = TimeSpan.FromHours(1);

    /// <summary>Oldest first; the newest signs.</summary>
    public ImmutableList<PreviewKeyState> Keys { get; init; } = [];

    /// <summary>Oldest first, the revoked ones among them.</summary>
    public ImmutableList<PreviewTokenState> Tokens { get; init; } = [];

    /// <summary>What requests are verified with.</summary>
    public PreviewKeyring ToKeyring() => new(
        Keys.Select(key => new PreviewKey(key.Number, Convert.FromBase64String(key.Secret), key.VerifiesUntil?.ToUnixTimeSeconds())),
        Tokens.Where(token => token.RevokedAt is not null).Select(token => token.Number));

    /// <summary>Without the tokens that have expired, and the replaced keys that verify none any more.</summary>
    public PreviewState Pruned(DateTimeOffset now) => this with
    {
        Keys = Keys.RemoveAll(key => key.VerifiesUntil <= now),
        Tokens = Tokens.RemoveAll(token => token.ExpiresAt + (token.RevokedAt is null ? TimeSpan.Zero : ClockMargin) <= now),
    };
}

/// <summary>A key that preview tokens are signed with.</summary>
/// <param name="Id">Its number, in hexadecimal.</param>
/// <param name="Secret">The key, in base64.</param>
/// <param name="CreatedAt">When it was made (UTC).</param>
internal sealed record PreviewKeyState(string Id, string Secret, DateTimeOffset CreatedAt)
{
    /// <summary>Of a key that was replaced: when the last of its tokens ends (UTC). Null for the one that signs.</summary>
    public DateTimeOffset? VerifiesUntil { get; init; }

    internal uint Number => uint.Parse(Id, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // Not the secret, wherever somebody writes the record down.
    public override string ToString() => $"preview key {Id}";
}

/// <summary>What is known of a preview token.</summary>
/// <param name="Id">Its number, in hexadecimal.</param>
/// <param name="Key">The key that signed it.</param>
/// <param name="Service">The service that it is for.</param>
/// <param name="Slot">The slot that it shows.</param>
/// <param name="CreatedAt">When it was made (UTC).</param>
/// <param name="ExpiresAt">When it ends (UTC), in whole seconds.</param>
/// <param name="Actor">Who has made it.</param>
/// <param name="Reason">What for.</param>
internal sealed record PreviewTokenState(
    string Id, string Key, string Service, PreviewSlot Slot, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string Actor, string? Reason)
{
    /// <summary>When it was revoked (UTC); null while it counts.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    internal ulong Number => ulong.Parse(Id, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public bool IsOf(string service) => string.Equals(Service, service, StringComparison.OrdinalIgnoreCase);

    public bool IsLive(DateTimeOffset now) => RevokedAt is null && ExpiresAt > now;
}

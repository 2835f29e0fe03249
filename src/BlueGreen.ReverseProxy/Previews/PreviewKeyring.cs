using System.Collections.Frozen;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Previews;

/// <summary>A key that tokens are signed with.</summary>
/// <param name="Id">Its number, which a token names.</param>
/// <param name="Secret">The key itself.</param>
/// <param name="VerifiesUntil">
/// Of a key that was replaced: Unix time in seconds at which the last of its tokens ends. Whoever has got hold of an old key could sign tokens
/// of any length with it; none of them counts beyond this.
/// </param>
internal sealed record PreviewKey(uint Id, byte[] Secret, long? VerifiesUntil = null)
{
    // Not the secret, wherever somebody writes the record down.
    public override string ToString() => $"preview key {Id:x8}";
}

/// <summary>The keys and the revoked tokens, as committed. Immutable: a request that is verified sees one moment.</summary>
internal sealed class PreviewKeyring(IEnumerable<PreviewKey> keys, IEnumerable<ulong> revoked)
{
    private readonly FrozenDictionary<uint, PreviewKey> _keys = keys.ToFrozenDictionary(key => key.Id);
    private readonly FrozenSet<ulong> _revoked = revoked.ToFrozenSet();

    public static PreviewKeyring Empty { get; } = new([], []);

    /// <summary>Whether a token opens a service's preview now.</summary>
    /// <remarks>
    /// The signature comes before everything that the token says: nobody learns by a made-up token which ids are revoked. No list of tokens
    /// is looked at but that of the revoked ones.
    /// </remarks>
    /// <param name="text">What was presented.</param>
    /// <param name="service">The service that the request is for.</param>
    /// <param name="now">The wall clock.</param>
    /// <param name="claims">What the token says; only to be believed when nothing is wrong with it.</param>
    public PreviewFault Verify(ReadOnlySpan<char> text, string service, DateTimeOffset now, out PreviewClaims claims)
    {
        if (!PreviewToken.TryRead(text, out claims, out var signed, out var signature))
        {
            return PreviewFault.Malformed;
        }

        if (!_keys.TryGetValue(claims.Key, out var key))
        {
            return PreviewFault.UnknownKey;
        }

        if (!PreviewToken.IsSigned(signed, signature, key.Secret))
        {
            return PreviewFault.Forged;
        }

        if (!string.Equals(claims.Service, service, StringComparison.OrdinalIgnoreCase))
        {
            return PreviewFault.OtherService;
        }

        if (now.ToUnixTimeSeconds() >= claims.ExpiresAt || claims.ExpiresAt > (key.VerifiesUntil ?? long.MaxValue))
        {
            return PreviewFault.Expired;
        }

        return _revoked.Contains(claims.Id) ? PreviewFault.Revoked : PreviewFault.None;
    }
}

/// <summary>Holds the one keyring that requests are verified with.</summary>
internal sealed class PreviewKeys
{
    private PreviewKeyring _current = PreviewKeyring.Empty;

    public PreviewKeyring Current => Volatile.Read(ref _current);

    /// <summary>Every request that is verified from now on sees these keys and revocations.</summary>
    public void Publish(PreviewKeyring keyring) => Volatile.Write(ref _current, keyring);
}

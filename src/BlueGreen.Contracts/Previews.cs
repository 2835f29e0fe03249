using System.ComponentModel.DataAnnotations;

namespace BlueGreen.Contracts;

/// <summary>The body of <c>POST /v1/services/{service}/preview-tokens</c>. Every field may be left out.</summary>
/// <param name="Slot">The slot to show; default the standby, which follows every switch.</param>
/// <param name="ExpiresInSeconds">How long the token counts (60 to 86,400); default 3,600.</param>
/// <param name="Reason">What for, for the audit (at most 1,000 characters).</param>
public sealed record PreviewTokenRequest(
    PreviewSlot? Slot = null, [property: Range(60, 86_400)] int? ExpiresInSeconds = null, [property: MaxLength(1000)] string? Reason = null);

/// <summary>The body of <c>POST /v1/preview-keys/rotate</c>. Every field may be left out.</summary>
/// <param name="Revoke">Whether the tokens that there are count no longer, at once; default false: they count until they expire.</param>
/// <param name="Reason">Why, for the audit (at most 1,000 characters).</param>
public sealed record PreviewKeyRotationRequest(bool? Revoke = null, [property: MaxLength(1000)] string? Reason = null);

/// <summary>What is known of a preview token; never the token itself.</summary>
/// <param name="Id">Its id, to revoke it by.</param>
/// <param name="Service">The service that it is for.</param>
/// <param name="Slot">The slot that it shows.</param>
/// <param name="CreatedAt">When it was made (UTC).</param>
/// <param name="ExpiresAt">When it ends (UTC).</param>
/// <param name="Actor">Who has made it.</param>
/// <param name="Reason">What for; null when that was not said.</param>
/// <param name="RevokedAt">When it was revoked (UTC); null while it counts.</param>
public sealed record PreviewTokenInfo(
    string Id, string Service, PreviewSlot Slot, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string Actor, string? Reason, DateTimeOffset? RevokedAt);

/// <summary>A new preview token, and how to use it.</summary>
/// <param name="Id">Its id, to revoke it by.</param>
/// <param name="Token">The token: whoever has it sees the preview. It is not shown again.</param>
/// <param name="Service">The service that it is for.</param>
/// <param name="Slot">The slot that it shows.</param>
/// <param name="ExpiresAt">When it ends (UTC).</param>
/// <param name="Header">The name of the header field that carries it.</param>
/// <param name="Query">The query that a person opens in a browser, at any address of the service.</param>
public sealed record CreatedPreviewToken(string Id, string Token, string Service, PreviewSlot Slot, DateTimeOffset ExpiresAt, string Header, string Query);

/// <summary>What a rotation of the preview key has done.</summary>
/// <param name="Key">The number of the key that signs from now on.</param>
/// <param name="RevokedTokens">How many tokens count no longer.</param>
/// <param name="Replaced">The keys whose tokens still count.</param>
public sealed record PreviewKeyRotation(string Key, int RevokedTokens, IReadOnlyList<ReplacedPreviewKey> Replaced);

/// <summary>A preview key that signs no more.</summary>
/// <param name="Key">Its number.</param>
/// <param name="VerifiesUntil">When the last of its tokens ends (UTC).</param>
public sealed record ReplacedPreviewKey(string Key, DateTimeOffset VerifiesUntil);

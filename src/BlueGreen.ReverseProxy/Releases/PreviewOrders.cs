using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Who changes something about previews, and why.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Reason">Why, for the history.</param>
/// <param name="IdempotencyKey">The key of the call; null without one.</param>
/// <param name="RequestHash">What the key is used for.</param>
internal sealed record PreviewOrder(Caller Caller, string? Reason, string? IdempotencyKey, string? RequestHash);

/// <summary>What a token is to be.</summary>
/// <param name="Service">The service.</param>
/// <param name="Slot">The slot that it shows.</param>
/// <param name="Lifetime">How long it counts.</param>
/// <param name="Id">Its number, which nobody can guess.</param>
internal sealed record WantedToken(string Service, PreviewSlot Slot, TimeSpan Lifetime, string Id);

/// <summary>What became of an order about a token: one of the two.</summary>
/// <param name="Refused">Why it was not done.</param>
/// <param name="Token">The token.</param>
internal sealed record PreviewOutcome(Refusal? Refused, PreviewTokenState? Token)
{
    /// <summary>The key that has signed it, so that the text can be written again.</summary>
    public PreviewKeyState? Key { get; init; }
}

/// <summary>What becomes of the keys when they are rotated.</summary>
/// <param name="Key">The key that signs from now on.</param>
/// <param name="Replaced">The keys that still verify.</param>
/// <param name="Revoked">How many tokens count no longer.</param>
internal sealed record RotationOutcome(PreviewKeyState Key, ImmutableList<PreviewKeyState> Replaced, int Revoked);

/// <summary>Decides about preview tokens and their keys. Pure.</summary>
internal static class PreviewOrders
{
    public const string Create = "createPreviewToken";
    public const string Revoke = "revokePreviewToken";
    public const string Rotate = "rotatePreviewKey";

    /// <summary>How many tokens of a service may count at a time.</summary>
    public const int MaxLive = 100;

    /// <summary>How many may be remembered, revoked ones among them: they are looked at until they expire.</summary>
    public const int MaxKnown = 500;

    /// <summary>Makes a token, and the first key where there is none.</summary>
    public static Decision<PreviewOutcome> Make(Committed committed, WantedToken wanted, PreviewKeyState spare, PreviewOrder order, DateTimeOffset now)
    {
        if (Used(committed, order, now) is { } used)
        {
            return new(null, used.Hash != order.RequestHash ? new(Refusal.KeyMismatch(used), null) : Again(committed.State.Preview, used, now));
        }

        var preview = (committed.State.Preview ?? new()).Pruned(now);
        var ofService = preview.Tokens.Where(token => token.IsOf(wanted.Service)).ToList();
        if (ofService.Count(token => token.RevokedAt is null) >= MaxLive || ofService.Count >= MaxKnown)
        {
            return new(null, new(new Refusal(ProblemCodes.TooManyPreviewTokens, $"Service {wanted.Service} has {ofService.Count} preview tokens that have not expired; {MaxLive} may count at a time, and {MaxKnown} be remembered with those that were revoked. Revoke some, wait, or rotate the key with revoke."), null));
        }

        var key = preview.Keys.IsEmpty ? spare : preview.Keys[^1];
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()) + wanted.Lifetime;
        var token = new PreviewTokenState(wanted.Id, key.Id, wanted.Service, wanted.Slot, now, expiresAt, order.Caller.Actor, order.Reason);
        var detail = string.Create(CultureInfo.InvariantCulture, $"{token.Id}: {token.Slot.ToText()}, until {token.ExpiresAt:u}");
        var change = Begin(committed, preview with { Keys = preview.Keys.IsEmpty ? [key] : preview.Keys, Tokens = preview.Tokens.Add(token) }, order, now, token.Id)
            .WithEvent(token.Service, now, "previewTokenCreated", detail)
            .WithAudit(now, order.Caller, Create, "done", [token.Service], release: null, force: false, order.Reason, detail);
        return new(change, new(null, token) { Key = key });
    }

    /// <summary>Revokes a token. Repeating it changes nothing.</summary>
    public static Decision<PreviewOutcome> Take(Committed committed, string service, string id, PreviewOrder order, DateTimeOffset now)
    {
        if (Used(committed, order, now) is { } used && used.Hash != order.RequestHash)
        {
            return new(null, new(Refusal.KeyMismatch(used), null));
        }

        var preview = (committed.State.Preview ?? new()).Pruned(now);
        if (preview.Tokens.Find(token => token.IsOf(service) && string.Equals(token.Id, id, StringComparison.OrdinalIgnoreCase)) is not { } token)
        {
            return new(null, new(new Refusal(ProblemCodes.UnknownPreviewToken, $"Service {service} has no preview token {id}; one that has expired is forgotten."), null));
        }

        if (token.RevokedAt is not null)
        {
            return new(null, new(null, token));
        }

        var revoked = token with { RevokedAt = now };
        var change = Begin(committed, preview with { Tokens = preview.Tokens.Replace(token, revoked) }, order, now, token.Id)
            .WithEvent(token.Service, now, "previewTokenRevoked", token.Id)
            .WithAudit(now, order.Caller, Revoke, "done", [token.Service], release: null, force: false, order.Reason, token.Id);
        return new(change, new(null, revoked));
    }

    /// <summary>Has a new key sign from now on.</summary>
    /// <param name="committed">What is committed.</param>
    /// <param name="spare">The new key.</param>
    /// <param name="revoke">Whether the tokens of the keys before count no longer.</param>
    /// <param name="order">Who asks.</param>
    /// <param name="now">The wall clock.</param>
    public static Decision<(Refusal? Refused, RotationOutcome? Done)> Renew(Committed committed, PreviewKeyState spare, bool revoke, PreviewOrder order, DateTimeOffset now)
    {
        var before = (committed.State.Preview ?? new()).Pruned(now);
        if (Used(committed, order, now) is { } used)
        {
            return new(null, used.Hash != order.RequestHash ? (Refusal.KeyMismatch(used), null)
                : before.Keys.IsEmpty ? (Refusal.KeyMismatch(used), null)
                : (null, new RotationOutcome(before.Keys[^1], before.Keys.RemoveAt(before.Keys.Count - 1), 0)));
        }

        var live = before.Tokens.Where(token => token.RevokedAt is null).ToList();
        var next = revoke
            ? new PreviewState { Keys = [spare] }
            : before with { Keys = [.. before.Keys.Select(key => Replaced(key, live, now)).Where(key => key.VerifiesUntil > now), spare] };
        var services = before.Tokens.Select(token => token.Service).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal).ToImmutableList();
        var detail = revoke ? $"key {spare.Id}; {Counted.Of(live.Count, "token")} revoked" : $"key {spare.Id}; {Counted.Of(live.Count, "token")} {(live.Count == 1 ? "goes" : "go")} on";
        var change = services.Aggregate(Begin(committed, next, order, now, token: null), (all, service) => all.WithEvent(service, now, "previewKeyRotated", detail))
            .WithAudit(now, order.Caller, Rotate, "done", services, release: null, force: false, order.Reason, detail);
        return new(change, (null, new RotationOutcome(spare, next.Keys.RemoveAt(next.Keys.Count - 1), revoke ? live.Count : 0)));
    }

    // A key that signs no more verifies until its last token ends: one that was stolen could sign tokens for ever.
    private static PreviewKeyState Replaced(PreviewKeyState key, List<PreviewTokenState> live, DateTimeOffset now) =>
        key with { VerifiesUntil = live.Where(token => token.Key == key.Id).Select(token => token.ExpiresAt).DefaultIfEmpty(now).Max() };

    private static IdempotencyRecord? Used(Committed committed, PreviewOrder order, DateTimeOffset now) =>
        order.IdempotencyKey is { } key ? committed.Records.FindKey(order.Caller.Actor, key, now) : null;

    // The same call gets the same token, which the key signs again. One that counts no longer is not made anew: the caller would think that
    // it had revoked it.
    private static PreviewOutcome Again(PreviewState? preview, IdempotencyRecord used, DateTimeOffset now) =>
        preview?.Tokens.Find(token => token.Id == used.PreviewToken) is { } token && token.IsLive(now) && preview.Keys.Find(key => key.Id == token.Key) is { } key
            ? new(null, token) { Key = key }
            : new(new Refusal(ProblemCodes.PreviewTokenGone, "The preview token of this Idempotency-Key was revoked or has expired since. Use a new key for a new token."), null);

    private static StateChange Begin(Committed committed, PreviewState next, PreviewOrder order, DateTimeOffset now, string? token)
    {
        var change = committed.Change();
        change = change with { State = change.State with { Preview = next } };
        return order is { IdempotencyKey: { } key, RequestHash: { } hash }
            ? change.WithKey(new(order.Caller.Actor, key, hash, now, Release: null) { PreviewToken = token })
            : change;
    }
}

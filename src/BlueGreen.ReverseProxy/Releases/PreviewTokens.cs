using System.Security.Cryptography;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Makes, lists and revokes preview tokens, and changes their key.</summary>
internal sealed class PreviewTokens(CommittedState state, ReleaseEngine engine, TimeProvider time)
{
    /// <summary>Makes a token.</summary>
    /// <returns>The token with its text, or why there is none.</returns>
    /// <exception cref="StateUnavailableException">Not stored: there is no token.</exception>
    public async Task<(PreviewOutcome Outcome, string? Text)> CreateAsync(
        string service, PreviewSlot slot, TimeSpan lifetime, PreviewOrder order, CancellationToken cancellationToken)
    {
        var wanted = new WantedToken(service, slot, lifetime, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(sizeof(ulong))));
        var spare = NewKey();
        var outcome = await state.CommitAsync(committed => PreviewOrders.Make(committed, wanted, spare, order, time.GetUtcNow()), cancellationToken);
        await AuditAsync(outcome.Refused, PreviewOrders.Create, [service], order);
        return (outcome, outcome is { Token: { } token, Key: { } key } ? Sign(token, key) : null);
    }

    /// <summary>The tokens of a service that count now, oldest first.</summary>
    public IReadOnlyList<PreviewTokenState> LiveOf(string service)
    {
        var now = time.GetUtcNow();
        return [.. state.Current.Preview?.Tokens.Where(token => token.IsOf(service) && token.IsLive(now)) ?? []];
    }

    /// <summary>Revokes a token: requests that come later are refused; those that are open go on.</summary>
    /// <exception cref="StateUnavailableException">Not stored: the token still counts.</exception>
    public async Task<PreviewOutcome> RevokeAsync(string service, string id, PreviewOrder order, CancellationToken cancellationToken)
    {
        var outcome = await state.CommitAsync(committed => PreviewOrders.Take(committed, service, id, order, time.GetUtcNow()), cancellationToken);
        await AuditAsync(outcome.Refused, PreviewOrders.Revoke, [service], order);
        return outcome;
    }

    /// <summary>Has a new key sign from now on.</summary>
    /// <exception cref="StateUnavailableException">Not stored: the key before still signs.</exception>
    public async Task<(Refusal? Refused, RotationOutcome? Done)> RotateAsync(bool revoke, PreviewOrder order, CancellationToken cancellationToken)
    {
        var spare = NewKey();
        var outcome = await state.CommitAsync(committed => PreviewOrders.Renew(committed, spare, revoke, order, time.GetUtcNow()), cancellationToken);
        await AuditAsync(outcome.Refused, PreviewOrders.Rotate, [], order);
        return outcome;
    }

    private static string Sign(PreviewTokenState token, PreviewKeyState key) => PreviewToken.Write(
        new PreviewClaims(token.Number, key.Number, token.Service, token.Slot, token.ExpiresAt.ToUnixTimeSeconds()), Convert.FromBase64String(key.Secret));

    private PreviewKeyState NewKey() => new(
        Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(sizeof(uint))), Convert.ToBase64String(RandomNumberGenerator.GetBytes(PreviewToken.KeyBytes)), time.GetUtcNow());

    private Task AuditAsync(Refusal? refusal, string action, IReadOnlyList<string> services, PreviewOrder order) => refusal is null
        ? Task.CompletedTask
        : engine.AuditAsync(order.Caller, action, refusal.Code, services, refusal.ReleaseId, force: false, order.Reason, refusal.Detail);
}

using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Who changes something about one service by hand, such as a hold, and under which conditions.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Reason">Why, for the history.</param>
/// <param name="IfMatch">The generation that the caller has seen; null for whatever it is.</param>
/// <param name="IdempotencyKey">The key of the call; null without one.</param>
/// <param name="RequestHash">What the key is used for.</param>
internal sealed record ServiceOrder(Caller Caller, string? Reason, long? IfMatch, string? IdempotencyKey, string? RequestHash)
{
    /// <summary>The answer to a call that must not change anything: one that is repeated, or comes too late. Null for any other.</summary>
    public Decision<Refusal?>? Settled(Committed committed, string service, DateTimeOffset now)
    {
        if (IdempotencyKey is { } key && committed.Records.FindKey(Caller.Actor, key, now) is { } used)
        {
            // Done then. Whatever somebody has made of it since is left alone: a call that is repeated later must not stop traffic once more.
            return new(null, used.Hash == RequestHash ? null : Refusal.KeyMismatch(used));
        }

        var generation = committed.State.Services[service].Generation;
        return IfMatch is { } expected && generation != expected ? new(null, Refusal.Stale(service, generation, expected)) : null;
    }

    /// <summary>A change that knows the call's key.</summary>
    public StateChange Begin(Committed committed, DateTimeOffset now) => IdempotencyKey is { } key && RequestHash is { } hash
        ? committed.Change().WithKey(new(Caller.Actor, key, hash, now, Release: null))
        : committed.Change();
}

using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Why something was not done.</summary>
/// <param name="Code">One of <see cref="ProblemCodes"/>.</param>
/// <param name="Detail">For people: what is wrong, where, and what to do.</param>
/// <param name="Generation">The service's generation, when that is what the caller needs.</param>
/// <param name="ReleaseId">The release that is in the way.</param>
internal sealed record Refusal(string Code, string Detail, long? Generation = null, string? ReleaseId = null)
{
    public static Refusal Stale(string service, long generation, long expected) => new(
        ProblemCodes.StaleGeneration,
        $"Service {service} is at generation {generation}, not {expected}: it has changed since. Look at it again, then repeat.",
        Generation: generation);

    public static Refusal KeyMismatch(IdempotencyRecord known) => new(
        ProblemCodes.IdempotencyMismatch,
        $"The Idempotency-Key was used for another request{(known.Release is null ? "" : $", release {known.Release}")}. Use a new key for a new request.",
        ReleaseId: known.Release);
}

/// <summary>What became of an order. Exactly one of the four is set.</summary>
/// <param name="Started">The new release.</param>
/// <param name="Existing">The release that this order gets back: the same key, the same rollback, or the one that it ended.</param>
/// <param name="Refused">Why there is none.</param>
/// <param name="Unchanged">Where the services are, when there was nothing to do.</param>
internal sealed record OrderOutcome(ReleaseState? Started, ReleaseState? Existing, Refusal? Refused, ImmutableList<ActiveService>? Unchanged)
{
    public bool AlreadyActive => Unchanged is not null;

    public static OrderOutcome Nothing(ImmutableList<ActiveService> services) => new(null, null, null, services);

    public static OrderOutcome Of(Refusal refusal) => new(null, null, refusal, null);

    public static OrderOutcome Same(ReleaseState release) => new(null, release, null, null);

    public static OrderOutcome New(ReleaseState release) => new(release, null, null, null);
}

using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Extensibility;

/// <summary>Who calls <see cref="IBlueGreen"/>, and under which conditions.</summary>
/// <param name="Actor">
/// The name in history and audit: at most 100 characters, none of them a control character, and none of the names that the gateway uses
/// itself (<c>anonymous</c>, <c>bake</c>, <c>gateway</c>, <c>several</c>, <c>unknown</c>). The audit's <c>client</c> is <c>in-process</c>.
/// </param>
public sealed record BlueGreenCall(string Actor)
{
    /// <summary>
    /// The same for every try of one order: a repeated one gets the first one's answer. As the header <c>Idempotency-Key</c>, and one with it:
    /// the same order under the same actor and key is the same order, over HTTP or from here.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The generation that the caller has seen of the service; the order is refused with <c>stale-generation</c> if it is another one by now.</summary>
    public long? ExpectedGeneration { get; init; }

    /// <summary>How far a cutover or rollback is waited for; null to return when it is accepted.</summary>
    public ReleaseStage? WaitUntil { get; init; }
}

/// <summary>How far a release has got.</summary>
public enum ReleaseStage
{
    /// <summary>New requests go to the new slot.</summary>
    Switched = 0,

    /// <summary>Nothing is left on the old slot.</summary>
    Drained = 1,

    /// <summary>It has succeeded.</summary>
    Completed = 2,

    /// <summary>A part of the traffic goes to the new slot, or all of it does.</summary>
    Shifting = 3,
}

/// <summary>What became of an order. Exactly one of the two is set.</summary>
/// <param name="Release">The release that the order has started or joined, or that it has ended before its switch.</param>
/// <param name="NothingToDo">Why there is none: the slot is active already.</param>
public sealed record OrderResult(Release? Release, NothingToDo? NothingToDo);

/// <summary>A call of <see cref="IBlueGreen"/> was refused.</summary>
public sealed class BlueGreenProblemException : Exception
{
    /// <summary>A refusal.</summary>
    /// <param name="problem">What the admin API would have answered.</param>
    public BlueGreenProblemException(Problem problem)
        : base($"{problem?.Title}: {problem?.Detail}")
    {
        ArgumentNullException.ThrowIfNull(problem);
        Problem = problem;
    }

    /// <summary>What the admin API would have answered.</summary>
    public Problem Problem { get; }

    /// <summary>One of <see cref="ProblemCodes"/>.</summary>
    public string Code => Problem.Code;
}

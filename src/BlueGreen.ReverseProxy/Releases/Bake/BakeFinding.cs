using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Why a bake has failed.</summary>
/// <param name="Service">The service whose new slot is worse.</param>
/// <param name="Metric">The metric, or the name of the limit.</param>
/// <param name="Reason">In words and numbers.</param>
/// <param name="Action">What is to follow.</param>
internal sealed record BakeFinding(string Service, string Metric, string Reason, BakeFailureAction Action)
{
    /// <summary>Whether it is that the new slot's rate is too high for the old slot's past: the two can then be compared in the same seconds.</summary>
    public bool IsOfRate { get; init; }

    /// <summary>
    /// Whether it is too little to act on, and enough to compare the slots: a short stretch of failures, or failures of a few clients, which
    /// may be the cause themselves.
    /// </summary>
    public QuestionKind? Question { get; init; }

    /// <summary>The kind of responses that speaks against the new slot by itself, such as those of a route; null where it is all of them.</summary>
    public FoundStratum? Stratum { get; init; }
}

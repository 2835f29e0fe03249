using BlueGreen.ReverseProxy.Configuration;

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
}

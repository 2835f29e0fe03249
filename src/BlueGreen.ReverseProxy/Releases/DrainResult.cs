namespace BlueGreen.ReverseProxy.Releases;

/// <summary>How a drain ended.</summary>
/// <param name="StartedWith">What was in flight right after the switch.</param>
/// <param name="Aborted">What was cancelled at the deadline.</param>
/// <param name="Left">What was cancelled and has not ended all the same.</param>
internal sealed record DrainResult(long StartedWith, long Aborted, long Left)
{
    /// <summary>For people; null where there is nothing to say.</summary>
    public string? Describe() => (Aborted, Left) switch
    {
        (0, 0) => null,
        (_, 0) => $"{Aborted} cancelled at the deadline",
        _ => $"{Aborted} cancelled at the deadline; {Left} {(Left == 1 ? "has" : "have")} not ended all the same and still {(Left == 1 ? "holds" : "hold")} the old slot",
    };
}

namespace BlueGreen.ReverseProxy.State;

/// <summary>The evidence of one metric of one service over time, as it is stored: at most <see cref="MaxPoints"/> points of the whole time.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Stage">What the evidence was found in, one of the constants of this class.</param>
/// <param name="Threshold">What the evidence has to reach, as a natural logarithm.</param>
/// <param name="Step">How many seconds one point stands for; doubled whenever there are too many points.</param>
/// <param name="Seconds">The time of each point: seconds since the release was created.</param>
/// <param name="LnE">The evidence at each of these times, as a natural logarithm.</param>
internal sealed record EvidenceCurve(string Metric, string Stage, double Threshold, double Step, IReadOnlyList<double> Seconds, IReadOnlyList<double> LnE)
{
    public const int MaxPoints = 240;

    /// <summary>Against the old slot, while traffic is shifted.</summary>
    public const string Shift = "shift";

    /// <summary>Against the old slot's past, after the switch.</summary>
    public const string Bake = "bake";

    /// <summary>Of the last responses, against the old slot's past; enough of it asks for a comparison.</summary>
    public const string Stretch = "stretch";

    /// <summary>Against the old slot in the same seconds, to confirm an alarm.</summary>
    public const string Comparison = "comparison";
}

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What a shift may be like, in the configuration as in an order.</summary>
internal static class ShiftRules
{
    public const double LeastWeight = 0.01;
    public const double MostWeight = 100;
    public const int MostSteps = 50;
    public const int DefaultBudget = 50;
    public const int LeastBudget = 5;
    public const int MostBudget = 1_000_000;
    public const double LongestSeconds = 7 * 24 * 3600;

    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(LongestSeconds);

    /// <summary>A weight in hundredths of a percent.</summary>
    public static int InHundredths(double weight) => (int)Math.Round(weight * 100);

    /// <summary>Why steps can't be taken; null if they can.</summary>
    public static string? WhyNot(IReadOnlyList<(double Weight, double Seconds)> steps)
    {
        if (steps.Count is 0 or > MostSteps)
        {
            return $"must be a list of 1 to {MostSteps} steps";
        }

        if (steps.Any(step => Math.Abs((step.Weight * 100) - Math.Round(step.Weight * 100)) > 1e-6))
        {
            return "must have weights with at most two decimals";
        }

        if (steps.Zip(steps.Skip(1)).Any(pair => pair.Second.Weight <= pair.First.Weight))
        {
            return "must have weights that grow from step to step";
        }

        return steps.Sum(step => step.Seconds) > LongestSeconds ? $"must not take longer than {LongestSeconds} seconds together" : null;
    }
}

using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Cli.Shifting;

/// <summary>The steps of a shift as people write them: <c>1:2m,10:5m,50:5m</c>. Pure.</summary>
internal static class ShiftSteps
{
    public const string Allowed = "WEIGHT:DURATION for each step, separated by commas, such as 1:2m,10:5m,50:5m (percent, then how long; after the last step everything is switched)";

    private const char BetweenSteps = ',';
    private const char BetweenParts = ':';

    /// <summary>For an option's <c>CustomParser</c>.</summary>
    public static IReadOnlyList<ShiftStep>? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (WhyNot(text, out var steps) is { } reason)
        {
            result.AddError($"--steps \"{text}\": {reason}");
            return null;
        }

        return steps;
    }

    /// <summary>Why a text is no list of steps; null if it is one.</summary>
    public static string? WhyNot(string text, out List<ShiftStep> steps)
    {
        steps = [];
        foreach (var part in text.Split(BetweenSteps, StringSplitOptions.TrimEntries))
        {
            // At the first colon: a duration may have some of its own (00:05:00).
            var colon = part.IndexOf(BetweenParts, StringComparison.Ordinal);
            if (colon < 0)
            {
                return $"{(part.Length == 0 ? "a step is empty" : $"\"{part}\" has no duration")}. Allowed: {Allowed}.";
            }

            var (weight, duration) = (part[..colon].TrimEnd('%', ' '), part[(colon + 1)..].Trim());
            if (!double.TryParse(weight, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
                || percent is < ShiftRules.LeastWeight or > ShiftRules.MostWeight)
            {
                return string.Create(CultureInfo.InvariantCulture, $"\"{part[..colon]}\" is no weight: percent, from {ShiftRules.LeastWeight} to {ShiftRules.MostWeight}. Allowed: {Allowed}.");
            }

            if (!Durations.TryParse(duration, out var time))
            {
                return $"\"{duration}\" is no duration: {Durations.Allowed}. Allowed: {Allowed}.";
            }

            steps.Add(new ShiftStep(percent, time.TotalSeconds));
        }

        return ShiftRules.WhyNot([.. steps.Select(step => (step.Weight, step.ForSeconds))]) is { } reason ? $"the steps {reason}." : null;
    }

    /// <summary>As the admin API takes them.</summary>
    public static JsonArray ToJson(IEnumerable<ShiftStep> steps) =>
        new([.. steps.Select(JsonNode (step) => new JsonObject { ["weight"] = step.Weight, ["forSeconds"] = step.ForSeconds })]);
}

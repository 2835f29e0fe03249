using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Cli.Shifting;

/// <summary>The options of the commands that start a shift: how the traffic moves to the new slot.</summary>
internal static class ShiftingOptions
{
    public static Option<IReadOnlyList<ShiftStep>?> Steps { get; } = new("--steps")
    {
        Description = "Shift the traffic step by step: percent and how long, such as 1:2m,10:5m,50:5m; then switch. Default: as Traffic:Shift of the service says, which is all at once where nothing is configured.",
        HelpName = "STEPS",
        CustomParser = ShiftSteps.Parse,
    };

    public static Option<int?> ByEvidence { get; } = CreateByEvidence();

    public static Option<TimeSpan?> MinDuration { get; } = new("--min-duration")
    {
        Description = "With --by-evidence: how long the way to all of the traffic takes at least, for faults that need time (leaks, caches).",
        HelpName = "DURATION",
        CustomParser = Durations.Parse,
    };

    public static Option<bool> AtOnce { get; } = new("--at-once")
    {
        Description = "Switch all of the traffic at once, whatever Traffic:Shift of the service says.",
    };

    /// <summary>Refuses a command line that wants the traffic to move in two ways.</summary>
    public static void Check(CommandResult result)
    {
        string?[] given =
        [
            result.GetResult(Steps) is null ? null : Steps.Name,
            result.GetResult(ByEvidence) is null ? null : ByEvidence.Name,
            result.GetValue(AtOnce) ? AtOnce.Name : null,
        ];
        if (result.GetValue(Following.HoldOptions.Exclusive) && (given[0] ?? given[1]) is { } shifted)
        {
            result.AddError($"--hold and {shifted} contradict each other: in a shift both versions serve.");
        }

        if (given.OfType<string>().ToList() is { Count: > 1 } several)
        {
            result.AddError($"{string.Join(" and ", several)} contradict each other: give one of them.");
        }

        if (result.GetResult(MinDuration) is not null && result.GetResult(ByEvidence) is null)
        {
            result.AddError("--min-duration belongs to --by-evidence.");
        }
    }

    /// <summary>Adds what was asked for to the body of a cutover; nothing, where nothing was.</summary>
    public static void AddTo(JsonObject body, Session session)
    {
        if (session.Get(Steps) is { } steps)
        {
            body["shift"] = new JsonObject { ["steps"] = ShiftSteps.ToJson(steps) };
        }
        else if (session.Get(ByEvidence) is { } budget)
        {
            var evidence = new JsonObject { ["maxBadResponses"] = budget };
            if (session.Get(MinDuration) is { } least)
            {
                evidence["minSeconds"] = least.TotalSeconds;
            }

            body["shift"] = new JsonObject { ["byEvidence"] = evidence };
        }
        else if (session.Get(AtOnce))
        {
            body["atOnce"] = true;
        }
    }

    /// <summary>A weight in percent, as <c>promote</c> takes it.</summary>
    public static Option<double?> To { get; } = new("--to")
    {
        Description = "Go to this share of the traffic, in percent, instead of to the next step; 100 switches.",
        HelpName = "PERCENT",
        CustomParser = ParsePercent,
    };

    public static Option<bool> Force { get; } = new("--force")
    {
        Description = "Send more traffic also to a slot that is not healthy.",
    };

    private static double? ParsePercent(ArgumentResult result)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (double.TryParse(text.TrimEnd('%', ' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            && percent is >= ShiftRules.LeastWeight and <= ShiftRules.MostWeight
            && ShiftRules.WhyNot([(percent, 0)]) is null)
        {
            return percent;
        }

        result.AddError(string.Create(CultureInfo.InvariantCulture, $"--to {text} is not allowed: a percentage from {ShiftRules.LeastWeight} to {ShiftRules.MostWeight}, with at most two decimals."));
        return null;
    }

    private static Option<int?> CreateByEvidence()
    {
        var option = new Option<int?>("--by-evidence")
        {
            Description = $"Shift the traffic as fast as a budget of so many bad responses allows ({ShiftRules.LeastBudget} to {ShiftRules.MostBudget}; {ShiftRules.DefaultBudget} is usual); then switch.",
            HelpName = "N",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var budget) && budget is < ShiftRules.LeastBudget or > ShiftRules.MostBudget)
            {
                result.AddError($"--by-evidence {budget} is not allowed: {ShiftRules.LeastBudget} to {ShiftRules.MostBudget} bad responses.");
            }
        });
        return option;
    }
}

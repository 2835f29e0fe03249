using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;

namespace BlueGreen.Cli.Following;

/// <summary>The options of the commands that start a release or wait for one.</summary>
internal static class ReleaseOptions
{
    private const int MaxKeyLength = 255;
    private const string WaitNames = "shifting|switched|drained|completed";
    private const string WaitDescription = "shifting: the first requests go to the new slot. switched: all new requests do. drained: the old slot is empty. completed: the bake is over.";

    /// <summary>How long the switch is waited for when nobody says how long.</summary>
    public static TimeSpan UsualTimeout { get; } = TimeSpan.FromMinutes(10);

    /// <summary>For the commands that wait for the switch if nothing is said.</summary>
    public static Option<WaitFor?> Wait { get; } = CreateWait("Default: switched.");

    /// <summary>For the commands that wait for the end if nothing is said.</summary>
    public static Option<WaitFor?> WaitCompleted { get; } = CreateWait("Default: completed.");

    /// <summary>For the commands that wait only if something is said.</summary>
    public static Option<WaitFor?> WaitIfGiven { get; } = CreateWait("Default: not at all.");

    public static Option<bool> NoWait { get; } = new("--no-wait")
    {
        Description = "Start it and leave; nothing is known of its outcome then.",
    };

    public static Option<string?> Reason { get; } = new("--reason")
    {
        Description = "Why, for the history and the audit journal.",
        HelpName = "TEXT",
    };

    public static Option<bool> Force { get; } = new("--force")
    {
        Description = "Skip the gates. Audited.",
    };

    public static Option<long?> ExpectGeneration { get; } = new("--expect-generation")
    {
        Description = "Only if the service is still at this generation (see status); else exit code 5.",
        HelpName = "N",
    };

    public static Option<string?> IdempotencyKey { get; } = CreateKey();

    public static Option<FileInfo?> Summary { get; } = new("--summary")
    {
        Description = "Append the release as a Markdown table to this file, such as $GITHUB_STEP_SUMMARY.",
        HelpName = "FILE",
    };

    public static Option<bool> Progress { get; } = new("--progress")
    {
        Description = "With --output json: what happens, as lines on the error output.",
    };

    public static Option<bool> RollBackOnFailure { get; } = new("--rollback-on-failure")
    {
        Description = "When --timeout is over and the release is not as far as --wait says: roll it back (exit code 3), or abort it if it has not switched (4), which takes a shift back.",
    };

    public static Option<string?> ExpectVersion { get; } = new("--expect-version")
    {
        Description = "The version that every destination of the new slot must report.",
        HelpName = "VERSION",
    };

    public static Option<string?> To { get; } = CreateSlot("--to", "The slot to switch to. Default: the standby.");

    public static Option<TimeSpan?> Bake { get; } = CreateDuration("--bake", "How long the new slot is watched, instead of the configured time.");

    public static Option<TimeSpan?> Drain { get; } = CreateDuration("--drain", "How long the old slot may finish, instead of the configured time.");

    public static Option<bool> RequireApproval { get; } = new("--require-approval")
    {
        Description = "Wait for `bluegreen approve` once the gates have passed.",
    };

    public static Option<bool> RetryKnownBad { get; } = new("--retry-known-bad")
    {
        Description = "Release the version although it was rolled back before; every other gate is judged as usual. Audited.",
    };

    public static Option<string?> CreateSlot(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "blue|green" };
        return option.AcceptOnlyFromAmong("blue", "green");
    }

    /// <summary>Refuses a command line that wants to wait and not to wait.</summary>
    public static void CheckWait(CommandResult result)
    {
        if (result.GetValue(NoWait) && result.GetResult(Wait) is not null)
        {
            result.AddError("--wait and --no-wait contradict each other: give one of them.");
        }
    }

    private static Option<WaitFor?> CreateWait(string usual)
    {
        var option = new Option<WaitFor?>("--wait")
        {
            Description = $"{WaitDescription} {usual}",
            HelpName = WaitNames,
            CustomParser = ParseWait,
        };
        option.CompletionSources.Clear();
        option.CompletionSources.Add(WaitNames.Split('|'));
        return option;
    }

    private static WaitFor? ParseWait(ArgumentResult result)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (WaitNames.Split('|').Contains(text, StringComparer.OrdinalIgnoreCase))
        {
            return Enum.Parse<WaitFor>(text, ignoreCase: true);
        }

        result.AddError($"--wait {text} is not allowed: shifting, switched, drained or completed");
        return null;
    }

    private static Option<TimeSpan?> CreateDuration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = CommandLine.Durations.Parse,
    };

    private static Option<string?> CreateKey()
    {
        var option = new Option<string?>("--idempotency-key")
        {
            Description = "The same key within 24 h gets the same release back, so that a job that runs again does not release again. Default: a new one.",
            HelpName = "KEY",
        };
        option.Validators.Add(result =>
        {
            var key = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (key.Length is 0 or > MaxKeyLength || key.Any(c => c is < ' ' or > '~'))
            {
                result.AddError($"--idempotency-key must have 1 to {MaxKeyLength} printable ASCII characters.");
            }
        });
        return option;
    }
}

using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace BlueGreen.Cli.CommandLine;

/// <summary>Durations as people write them: <c>90</c> (seconds), <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>00:05:00</c>.</summary>
internal static partial class Durations
{
    public const string Allowed = "a duration such as 90s, 5m, 1h30m, 00:05:00, or a number of seconds";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return TryBound(seconds, out duration);
        }

        if (text.Contains(':'))
        {
            // "00:05" is five minutes to .NET and five seconds to half of its readers.
            return text.Count(c => c == ':') == 2 && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero && duration <= Longest;
        }

        var match = Units().Match(text);
        return match.Success && text.Length > 0 && TryBound(
            (Part(match, "d") * 86_400) + (Part(match, "h") * 3600) + (Part(match, "m") * 60) + Part(match, "s") + (Part(match, "ms") / 1000),
            out duration);
    }

    /// <summary>For an option's <c>CustomParser</c>.</summary>
    public static TimeSpan? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (TryParse(text, out var duration))
        {
            return duration;
        }

        result.AddError($"\"{text}\" is not allowed: {Allowed}");
        return null;
    }

    /// <summary>The same for <c>--timeout</c>: no time at all is no time to wait.</summary>
    public static TimeSpan? ParseTimeout(ArgumentResult result)
    {
        var timeout = Parse(result);
        if (timeout == TimeSpan.Zero)
        {
            result.AddError("--timeout must be more than 0. To start something without waiting for it: --no-wait.");
        }

        return timeout;
    }

    /// <summary>As short as it can be said: <c>5 s</c>, <c>02:31</c>, <c>1:02:03</c>.</summary>
    public static string Clock(TimeSpan duration)
    {
        var whole = TimeSpan.FromSeconds(Math.Max(0, Math.Ceiling(duration.TotalSeconds)));
        return whole.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)whole.TotalHours}:{whole.Minutes:00}:{whole.Seconds:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{whole.Minutes:00}:{whole.Seconds:00}");
    }

    private static bool TryBound(double seconds, out TimeSpan duration)
    {
        var isAllowed = seconds >= 0 && seconds <= Longest.TotalSeconds;
        duration = isAllowed ? TimeSpan.FromSeconds(seconds) : default;
        return isAllowed;
    }

    private static double Part(Match match, string unit) =>
        match.Groups[unit].Success ? double.Parse(match.Groups[unit].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^((?<d>\d+(\.\d+)?)d)?((?<h>\d+(\.\d+)?)h)?((?<m>\d+(\.\d+)?)m)?((?<s>\d+(\.\d+)?)s)?((?<ms>\d+)ms)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Units();
}

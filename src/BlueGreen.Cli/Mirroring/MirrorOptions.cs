using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;

namespace BlueGreen.Cli.Mirroring;

/// <summary>The options of <c>bluegreen mirror start</c>: the fields of the order. What may be given is decided by the gateway.</summary>
internal static class MirrorOptions
{
    private static readonly Option<double?> Percent = CreatePercent("--percent", "The share of the requests that is copied, in percent. Above 100, GET and HEAD requests are sent to the standby several times, for load. Default: as configured, 100.");

    private static readonly Option<TimeSpan?> Duration = CreateDuration();

    private static readonly Option<string[]> Methods = CreateList("--methods", "METHOD", "The methods that are copied: GET,POST, or repeated. Any but GET and HEAD are carried out twice. Default: as configured, GET,HEAD.");

    private static readonly Option<bool> RequireIdempotencyKey = new("--require-idempotency-key")
    {
        Description = "Copy requests of methods other than GET and HEAD only if they have an Idempotency-Key.",
    };

    private static readonly Option<string[]> Headers = CreateList("--header", "NAME", "A header field that is compared; repeat it for each. content-type always is, unless ignored as header:content-type. Default: as configured.");

    private static readonly Option<string[]> Ignore = CreateList("--ignore", "PLACE", "A place that is not compared, with everything below it: '$.items[*].etag', header:content-type, status or body; repeat it for each.");

    private static readonly Option<string[]> Sets = CreateList("--set", "PLACE", "An array whose order means nothing, such as '$.tags'; repeat it for each.");

    private static readonly Option<double?> Noise = CreatePercent("--noise", "The share of the copied GET and HEAD requests that go to the active slot a second time, in percent, to measure noise. Default: as configured, 20.");

    private static readonly Option<TimeSpan?> MaxLatency = new("--max-latency")
    {
        Description = "End the mirror when more than half of the last 50 copies took longer until their answers began: 500ms, 2s. Default: as configured, no limit.",
        HelpName = "DURATION",
        CustomParser = Durations.Parse,
    };

    public static IReadOnlyList<Option> All { get; } =
        [Percent, Duration, Methods, RequireIdempotencyKey, Headers, Ignore, Sets, Noise, MaxLatency, ReleaseOptions.Reason, ReleaseOptions.ExpectGeneration, ReleaseOptions.IdempotencyKey];

    /// <summary>The order, with the fields that were given.</summary>
    public static JsonObject Order(Session session)
    {
        var compare = new JsonObject();
        SetList(session, compare, "headers", Headers);
        SetList(session, compare, "ignore", Ignore);
        SetList(session, compare, "sets", Sets);
        if (session.Get(Noise) is { } noise)
        {
            compare["noisePercent"] = noise;
        }

        var order = new JsonObject();
        if (session.Get(Percent) is { } percent)
        {
            order["percent"] = percent;
        }

        if (session.Get(Duration) is { } duration)
        {
            order["seconds"] = (long)Math.Ceiling(duration.TotalSeconds);
        }

        SetList(session, order, "methods", Methods);
        if (session.Get(RequireIdempotencyKey))
        {
            order["requireIdempotencyKey"] = true;
        }

        if (session.Get(MaxLatency) is { } latency)
        {
            order["maxLatencyMs"] = latency.TotalMilliseconds;
        }

        if (compare.Count > 0)
        {
            order["compare"] = compare;
        }

        if (session.Get(ReleaseOptions.Reason) is { } reason)
        {
            order["reason"] = reason;
        }

        return order;
    }

    private static void SetList(Session session, JsonObject target, string field, Option<string[]> option)
    {
        if (session.IsGiven(option))
        {
            target[field] = new JsonArray([.. session.Get(option)!.Select(JsonNode (text) => JsonValue.Create(text))]);
        }
    }

    private static Option<TimeSpan?> CreateDuration()
    {
        var option = new Option<TimeSpan?>("--for")
        {
            Description = "When the mirror ends by itself: 10m, 90s, or seconds. Default: as configured, 1 hour.", HelpName = "DURATION", CustomParser = Durations.Parse,
        };
        option.Aliases.Add("--seconds");
        return option;
    }

    private static Option<double?> CreatePercent(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "PERCENT",
        CustomParser = result => ParsePercent(name, result),
    };

    private static double? ParsePercent(string name, ArgumentResult result)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (double.TryParse(text.TrimEnd('%', ' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && double.IsFinite(percent))
        {
            return percent;
        }

        result.AddError($"{name} \"{text}\" is not allowed: a percentage, such as 10 or 0.5.");
        return null;
    }

    // The commas of a list are no part of any value: neither of a method, nor of a field's name, nor of a place.
    private static Option<string[]> CreateList(string name, string what, string description) => new(name)
    {
        Description = description,
        HelpName = what,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries))],
    };
}

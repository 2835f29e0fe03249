using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Following;

/// <summary>The options of an exclusive switch, and of a hold by hand.</summary>
internal static class HoldOptions
{
    public static Option<bool> Exclusive { get; } = new("--hold")
    {
        Description = "Switch exclusively: new requests wait at the gateway until nothing is in flight on either slot, then the switch.",
    };

    /// <summary>With <see cref="Exclusive"/>.</summary>
    public static Option<TimeSpan?> MaxTime { get; } = CreateTime("--hold-time", "With --hold: how long requests may wait, instead of the configured time.");

    /// <summary>With <see cref="Exclusive"/>.</summary>
    public static Option<int?> MaxRequests { get; } = CreateRequests("--hold-requests", "With --hold: how many requests of a service may wait at once; more get 503.");

    /// <summary>With <see cref="Exclusive"/>.</summary>
    public static Option<string?> OnTimeout { get; } = CreateWord("--hold-on-timeout", "With --hold: what to do if something is still in flight then. abort: switch nothing (exit code 2).", "abort", "switch");

    /// <summary>With <see cref="Exclusive"/>.</summary>
    public static Option<string?> Streams { get; } = CreateWord("--hold-streams", "With --hold: wait for WebSockets, streams and gRPC calls, or ignore them; the switch is not exclusive then.", "wait", "ignore");

    public static Option<TimeSpan?> CreateTime(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = Durations.Parse,
    };

    public static Option<int?> CreateRequests(string name, string description) => new(name) { Description = description, HelpName = "N" };

    /// <summary>Refuses limits of a hold where none was asked for.</summary>
    public static void Check(CommandResult result)
    {
        if (result.GetValue(Exclusive))
        {
            return;
        }

        foreach (var option in new Option[] { MaxTime, MaxRequests, OnTimeout, Streams })
        {
            if (result.GetResult(option) is not null)
            {
                result.AddError($"{option.Name} is for --hold.");
            }
        }
    }

    /// <summary>The <c>hold</c> of the body; null without one. What was not given is left to the gateway.</summary>
    public static JsonObject? Plan(Session session)
    {
        if (!session.Get(Exclusive))
        {
            return null;
        }

        var plan = Limits(session, MaxTime, MaxRequests);
        if (session.Get(OnTimeout) is { } onTimeout)
        {
            plan["onTimeout"] = onTimeout;
        }

        if (session.Get(Streams) is { } streams)
        {
            plan["streams"] = streams;
        }

        return plan;
    }

    /// <summary>The limits that were given.</summary>
    public static JsonObject Limits(Session session, Option<TimeSpan?> time, Option<int?> requests)
    {
        var limits = new JsonObject();
        if (session.Get(time) is { } maxTime)
        {
            limits["maxSeconds"] = maxTime.TotalSeconds;
        }

        if (session.Get(requests) is { } maxRequests)
        {
            limits["maxRequests"] = maxRequests;
        }

        return limits;
    }

    private static Option<string?> CreateWord(string name, string description, params string[] words)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', words) };
        return option.AcceptOnlyFromAmong(words);
    }
}

using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;

namespace BlueGreen.Cli.CommandLine;

/// <summary>A command could not do what it was asked for: an exit code, and a problem in the form of the admin API's.</summary>
internal sealed class CommandFailure : Exception
{
    private CommandFailure(int exitCode, JsonObject problem, string? hint)
        : base(problem["detail"]?.GetValue<string>() ?? "failed")
    {
        ExitCode = exitCode;
        Problem = problem;
        Hint = hint;
    }

    public int ExitCode { get; }

    /// <summary>What <c>--output json</c> prints.</summary>
    public JsonObject Problem { get; }

    /// <summary>What to do about it, for people; null where the message says so itself.</summary>
    public string? Hint { get; }

    /// <summary>Whether the problem stands on the output already, as part of a document that had begun.</summary>
    public bool IsPrinted { get; set; }

    public string? Code => Problem["code"]?.GetValue<string>();

    /// <summary>A problem as the gateway has sent it.</summary>
    public static CommandFailure FromGateway(JsonObject problem, int exitCode, string? hint = null) => new(exitCode, problem, hint);

    /// <summary>A problem that this program has found itself.</summary>
    /// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
    /// <param name="code">The kind of problem, for scripts.</param>
    /// <param name="title">The kind of problem, for people.</param>
    /// <param name="detail">What is wrong, where, and what to do.</param>
    /// <param name="hint">A command that helps.</param>
    /// <param name="more">Further fields of the problem.</param>
    public static CommandFailure Of(
        int exitCode, string code, string title, string detail, string? hint = null, params ReadOnlySpan<(string Name, JsonNode? Value)> more)
    {
        var problem = new JsonObject
        {
            ["type"] = $"/problems/{code}",
            ["title"] = title,
            ["detail"] = detail,
            ["code"] = code,
        };
        foreach (var (name, value) in more)
        {
            problem[name] = value;
        }

        return new(exitCode, problem, hint);
    }

    /// <summary>The same with a hint.</summary>
    public CommandFailure With(string? hint) => new(ExitCode, Problem, hint) { IsPrinted = IsPrinted };

    public static CommandFailure Usage(string detail, string? hint = null) => Of(ExitCodes.Usage, "usage", "The command is not valid", detail, hint);

    public static CommandFailure NotReachable(GatewayGoneException gone) => NotReachable(gone.Message, gone.Hint);

    public static CommandFailure NotReachable(string detail, string? hint = null) =>
        Of(ExitCodes.NotReachable, "gateway-not-reachable", "The gateway is not reachable", detail, hint);
}

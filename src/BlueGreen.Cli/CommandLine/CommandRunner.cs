using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.Commands;
using BlueGreen.Cli.Output;

namespace BlueGreen.Cli.CommandLine;

/// <summary>Runs one command line: exit code, errors, Ctrl-C.</summary>
internal static class CommandRunner
{
    public static async Task<int> RunAsync(string[] args, TimeProvider time)
    {
        var parse = BlueGreenCommand.Create(time).Parse(args);
        var json = GlobalOptions.WantsJson(parse);
        if (UsageOf(parse) is { } wrong)
        {
            return Report(wrong, json);
        }

        using var stop = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
        }
        catch (CommandFailure failure)
        {
            return Report(failure, json);
        }
        catch (GatewayGoneException exception)
        {
            return Report(CommandFailure.NotReachable(exception), json);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Report(Interrupted("Stopped before it was done."), json);
        }
#pragma warning disable CA1031 // The last resort: a script gets its exit code and its document also from a defect.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Report(CommandFailure.Of(ExitCodes.Unexpected, "internal-error", "bluegreen has failed", $"A defect of bluegreen: {exception}"), json);
        }

        void Stop(PosixSignalContext context)
        {
            // The first one ends the waiting, with a word about what goes on without it; the second one ends the process.
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    /// <summary>Somebody pressed Ctrl-C, or the pipeline was cancelled.</summary>
    public static CommandFailure Interrupted(string detail, string? hint = null) =>
        CommandFailure.Of(ExitCodes.TimedOut, "interrupted", "The waiting was interrupted", detail, hint);

    // Help, completion and the like are not held up by what else is on the line.
    private static CommandFailure? UsageOf(ParseResult parse)
    {
        if (parse.Action is not ParseErrorAction && parse.Action != parse.CommandResult.Command.Action)
        {
            return null;
        }

        // What System.CommandLine makes of a mistyped option is mostly about the value that it took it for.
        var mistakes = TypingMistakes.Find(parse);
        var errors = mistakes.Count > 0 ? mistakes : [.. parse.Errors.Select(error => error.Message.TrimEnd('.') + ".")];
        if (errors.Count == 0)
        {
            return null;
        }

        var path = new List<string>();
        for (var result = parse.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            path.Insert(0, result.Command.Name);
        }

        return CommandFailure.Usage(string.Join(" ", errors), $"See: {string.Join(' ', path)} --help");
    }

    private static int Report(CommandFailure failure, bool json)
    {
        Console.Error.WriteLine($"bluegreen: {Clean.Line(failure.Message)}");
        if (failure.Hint is not null)
        {
            Console.Error.WriteLine(Clean.Line(failure.Hint));
        }

        if (json && !failure.IsPrinted)
        {
            Console.Out.WriteLine(JsonText.Of(failure.Problem));
        }

        return failure.ExitCode;
    }
}

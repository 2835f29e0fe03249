using System.CommandLine;
using System.CommandLine.Help;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary>The root: every command and what all of them have in common.</summary>
internal static class BlueGreenCommand
{
    public static RootCommand Create(TimeProvider time)
    {
        var root = new RootCommand("Releases through a BlueGreen.Gateway: look, deploy, cut over, roll back.");
        foreach (var option in GlobalOptions.All)
        {
            root.Options.Add(option);
        }

        foreach (var command in new[]
        {
            StatusCommand.Create(time),
            PreflightCommand.Create(time),
            DeployCommand.Create(time),
            CutoverCommand.Create(time),
            RollbackCommand.Create(time),
            ReleaseCommand.Create(time),
            ReleaseStepCommands.Approve(time),
            ReleaseStepCommands.Promote(time),
            ReleaseStepCommands.Pause(time),
            ResumeCommand.Create(time),
            ReleaseStepCommands.Abort(time),
            ReleaseStepCommands.Finish(time),
            MaintenanceCommand.Create(time),
            HoldCommands.Hold(time),
            PreviewCommand.Create(time),
            MirrorCommand.Create(time),
            WatchCommand.Create(time),
            HistoryCommand.Create(time),
            AuditCommand.Create(time),
            BakeCommand.Create(time),
            ConfigCommand.Create(time),
            StateCommand.Create(time),
            TokenCommand.Create(time),
            CompletionCommand.Create(time),
        })
        {
            root.Subcommands.Add(command);
        }

        PrintHelpWithoutSubcommand(root);
        return root;
    }

    /// <summary>Has a command run with a session of its own.</summary>
    public static Command Does(this Command command, TimeProvider time, Func<Session, CancellationToken, Task<int>> act)
    {
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var session = new Session(parse, time);
            try
            {
                return await act(session, cancellationToken);
            }
            catch (CommandFailure failure) when (failure is { Code: ProblemCodes.UnknownService, Hint: null })
            {
                throw failure.With(await ServiceArgument.SuggestAsync(session, failure, cancellationToken));
            }
        });
        return command;
    }

    // As gh and kubectl do: whoever types the name alone wants to know what there is.
    private static void PrintHelpWithoutSubcommand(Command command)
    {
        if (command is { Subcommands.Count: > 0, Action: null })
        {
            command.SetAction(parse => new HelpAction().Invoke(parse));
        }

        foreach (var inner in command.Subcommands)
        {
            PrintHelpWithoutSubcommand(inner);
        }
    }

    public static Command With(this Command command, params ReadOnlySpan<Option> options)
    {
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        return command;
    }
}

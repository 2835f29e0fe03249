using System.CommandLine;
using BlueGreen.Cli.CommandLine;

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
            ReleaseStepCommands.Abort(time),
            ReleaseStepCommands.Finish(time),
            WatchCommand.Create(time),
            HistoryCommand.Create(time),
            BakeCommand.Create(time),
            ConfigCommand.Create(time),
            StateCommand.Create(time),
            TokenCommand.Create(time),
            CompletionCommand.Create(time),
        })
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    /// <summary>Has a command run with a session of its own.</summary>
    public static Command Does(this Command command, TimeProvider time, Func<Session, CancellationToken, Task<int>> act)
    {
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var session = new Session(parse, time);
            return await act(session, cancellationToken);
        });
        return command;
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

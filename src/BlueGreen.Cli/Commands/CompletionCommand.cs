using System.CommandLine;
using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen completion</c>.</summary>
internal static class CompletionCommand
{
    // "[suggest:POSITION]" is System.CommandLine's own directive: the program itself says what could come next, services included.
    // "-o default": where it knows nothing to come next, file names.
    private const string Bash = """
        _bluegreen() {
          local IFS=$'\n'
          local word="${COMP_WORDS[COMP_CWORD]}"
          COMPREPLY=($(compgen -W "$(bluegreen "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$word"))
        }
        complete -o default -F _bluegreen bluegreen
        """;

    private const string Zsh = """
        #compdef bluegreen
        _bluegreen() {
          local -a suggestions
          suggestions=("${(@f)$(bluegreen "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -- "${suggestions[@]}"
        }
        compdef _bluegreen bluegreen
        """;

    private const string Fish = """
        complete -f -c bluegreen -a '(bluegreen "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName bluegreen -ScriptBlock {
          param($word, $line, $position)
          bluegreen "[suggest:$position]" "$line" 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
          }
        }
        """;

    private static readonly Dictionary<string, string> Scripts = new(StringComparer.Ordinal)
    {
        ["bash"] = Bash,
        ["zsh"] = Zsh,
        ["fish"] = Fish,
        ["pwsh"] = PowerShell,
    };

    public static Command Create(TimeProvider time)
    {
        var shell = new Argument<string>("shell") { Description = string.Join(", ", Scripts.Keys) };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "Print the script that completes commands, options and services in a shell: eval \"$(bluegreen completion bash)\".");
        command.Arguments.Add(shell);
        return command.Does(time, (session, _) =>
        {
            Console.Out.WriteLine(Scripts[session.Get(shell)!].ReplaceLineEndings("\n"));
            return Task.FromResult(ExitCodes.Done);
        });
    }
}

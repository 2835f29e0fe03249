using System.Runtime.CompilerServices;
using System.Text;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary>
/// <c>bluegreen</c> within the tests' process: the same command line, client and output as the program's, without the start of a process.
/// For tests whose subject is not the process: no signals, no terminal, no standard input, no environment variables.
/// </summary>
internal static class HostedCli
{
    // Several tests run at a time, and a console is the whole process's: what is written goes to the command whose code writes it.
    private static readonly AsyncLocal<(StringWriter Out, StringWriter Error)?> Current = new();

    /// <param name="arguments">The command line.</param>
    /// <param name="url">The gateway's admin API, as <c>--url</c>.</param>
    public static async Task<CliResult> RunAsync(IEnumerable<string> arguments, string? url = null)
    {
        Console.IsOutputRedirected.Should().BeTrue("on a terminal, the output is another");
        using var output = new StringWriter();
        using var error = new StringWriter();
        var ending = InvokeAsync([.. url is null ? Array.Empty<string>() : ["--url", url], .. arguments], output, error);
        await ending.WithinLimitAsync("The end of the command", () => $"{output}{error}");
        return new CliResult(await ending, output.ToString(), error.ToString());
    }

    // As the program does. What is set here stays within this call and what it calls.
    private static async Task<int> InvokeAsync(string[] arguments, StringWriter output, StringWriter error)
    {
        Current.Value = (output, error);
        return await CommandRunner.RunAsync(arguments, TimeProvider.System);
    }

    [ModuleInitializer]
    internal static void TakeOverConsole()
    {
        // What the machine that runs the tests has set for its own purposes is not part of the test.
        foreach (var name in BlueGreenProcess.Variables)
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        Console.SetOut(new Writer(Console.Out, streams => streams.Out));
        Console.SetError(new Writer(Console.Error, streams => streams.Error));
    }

    /// <summary>Writes to the command that runs here, or to the console if there is none.</summary>
    private sealed class Writer(TextWriter console, Func<(StringWriter Out, StringWriter Error), StringWriter> choose) : TextWriter
    {
        public override Encoding Encoding => console.Encoding;

        private TextWriter Target => Current.Value is { } streams ? choose(streams) : console;

        public override void Write(char value) => Target.Write(value);

        public override void Write(string? value) => Target.Write(value);

        public override void Write(char[] buffer, int index, int count) => Target.Write(buffer, index, count);

        public override void Write(ReadOnlySpan<char> buffer) => Target.Write(buffer);

        public override void Flush() => Target.Flush();
    }
}

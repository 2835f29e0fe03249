using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.Output;
using Spectre.Console;

namespace BlueGreen.Cli.CommandLine;

/// <summary>One call of a command: what was asked for, the gateway, and where the answer goes.</summary>
internal sealed class Session : IDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);
    private readonly ParseResult _parse;
    private readonly Lazy<GatewayClient> _client;
    private readonly Lazy<IAnsiConsole> _console;

    public Session(ParseResult parse, TimeProvider time)
    {
        _parse = parse;
        Time = time;
        IsJson = GlobalOptions.WantsJson(parse);
        IsTerminal = !IsJson && IsCapableTerminal();
        _client = new(CreateClient);
        _console = new(CreateConsole);
    }

    public TimeProvider Time { get; }

    public TextWriter Out { get; } = Console.Out;

    public TextWriter Error { get; } = Console.Error;

    public bool IsJson { get; }

    /// <summary>Whether somebody looks at a terminal: tables have colours, and what changes is redrawn in place.</summary>
    public bool IsTerminal { get; }

    public GatewayClient Client => _client.Value;

    public IAnsiConsole Terminal => _console.Value;

    public T? Get<T>(Option<T> option) => _parse.GetValue(option);

    public T? Get<T>(Argument<T> argument) => _parse.GetValue(argument);

    /// <summary>Whether an option is there, with a value or without.</summary>
    public bool IsGiven(Option option) => _parse.GetResult(option) is { Implicit: false };

    /// <summary>Everything on the command line that is neither a command nor an option.</summary>
    public IEnumerable<string> Values => _parse.Tokens.Where(token => token.Type == TokenType.Argument).Select(token => token.Value);

    /// <summary><c>--timeout</c>, or what is usual.</summary>
    public TimeSpan TimeoutOr(TimeSpan usual) => Get(GlobalOptions.Timeout) ?? usual;

    /// <summary>The deadline of a command that waits for nothing but an answer.</summary>
    public Deadline ShortDeadline() => new(Time, TimeoutOr(DefaultTimeout));

    /// <summary>Prints the one document of <c>--output json</c>.</summary>
    public void Json(JsonNode? document) => Out.WriteLine(JsonText.Of(document));

    public void Line(string text) => Out.WriteLine(Clean.Line(text));

    /// <summary>A line for people: not where a document is expected.</summary>
    public void Note(string text)
    {
        if (!IsJson)
        {
            Line(text);
        }
    }

    public void Warn(string text) => Error.WriteLine($"bluegreen: warning: {Clean.Line(text)}");

    public void Print(TextTable table)
    {
        if (IsTerminal)
        {
            Terminal.Write(table.Draw(Terminal.Profile.Width));
            return;
        }

        // Whole in a pipe: grep and awk have no use for half a name.
        foreach (var line in table.Lines())
        {
            Out.WriteLine(line);
        }
    }

    public void Dispose()
    {
        if (_client.IsValueCreated)
        {
            Client.Dispose();
        }
    }

    private static bool IsCapableTerminal() => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not "dumb";

    private GatewayClient CreateClient()
    {
        var token = Given(GlobalOptions.Token, GlobalOptions.TokenVariable);
        if (token is not null && token.Value.Any(c => c is < '!' or > '~'))
        {
            throw CommandFailure.Usage($"The token has characters that no token has (value not shown). Look at --token or ${GlobalOptions.TokenVariable}.");
        }

        var tls = new TlsFiles(
            Given(GlobalOptions.CaCert, GlobalOptions.CaCertVariable),
            Given(GlobalOptions.ClientCert, GlobalOptions.ClientCertVariable),
            Given(GlobalOptions.ClientKey, GlobalOptions.ClientKeyVariable),
            Environment.GetEnvironmentVariable(GlobalOptions.ClientKeyPasswordVariable));
        return new GatewayClient(GatewayAddress.Parse(Given(GlobalOptions.Url, GlobalOptions.UrlVariable)), tls, token?.Value, Time, Get(GlobalOptions.Timeout));
    }

    // An option goes before its variable; a blank one is none, as a pipeline passes on what was not set.
    private Setting? Given(Option<string?> option, string variable)
    {
        var (value, source) = Get(option) is { } own ? (own, option.Name) : (Environment.GetEnvironmentVariable(variable), $"${variable}");
        return string.IsNullOrWhiteSpace(value) ? null : new(value.Trim(), source);
    }

    private IAnsiConsole CreateConsole() => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        ColorSystem = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(Console.Out),
    });
}

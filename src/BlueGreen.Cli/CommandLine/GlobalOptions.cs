using System.CommandLine;

namespace BlueGreen.Cli.CommandLine;

/// <summary>The options that every command has.</summary>
internal static class GlobalOptions
{
    public const string UrlVariable = "BLUEGREEN_URL";
    public const string TokenVariable = "BLUEGREEN_TOKEN";
    public const string CaCertVariable = "BLUEGREEN_CA_CERT";
    public const string ClientCertVariable = "BLUEGREEN_CLIENT_CERT";
    public const string ClientKeyVariable = "BLUEGREEN_CLIENT_KEY";

    /// <summary>Has no option: other users of the machine can see those.</summary>
    public const string ClientKeyPasswordVariable = "BLUEGREEN_CLIENT_KEY_PASSWORD";

    public const string DefaultUrl = "http://127.0.0.1:9090";
    public const string ExampleSocketUrl = "http://unix:/run/bluegreen/admin.sock";
    public const string Json = "json";
    private const string Table = "table";

    public static Option<string?> Url { get; } = new("--url", "-u")
    {
        Description = $"The gateway's admin API: its address, or its Unix domain socket, such as {ExampleSocketUrl}. Else ${UrlVariable}, else {DefaultUrl}.",
        HelpName = "URL",
        Recursive = true,
    };

    public static Option<string?> Token { get; } = new("--token")
    {
        Description = $"The token. Else ${TokenVariable}, which other users of the machine can't see in the list of processes.",
        HelpName = "TOKEN",
        Recursive = true,
    };

    public static Option<string?> CaCert { get; } = new("--ca-cert")
    {
        Description = $"For https: PEM, the authorities that the gateway's certificate may come from, in place of the system's. Else ${CaCertVariable}.",
        HelpName = "FILE",
        Recursive = true,
    };

    public static Option<string?> ClientCert { get; } = new("--client-cert")
    {
        Description = $"For https: the client certificate that says who you are; PEM, its chain after it, or PKCS#12. Else ${ClientCertVariable}.",
        HelpName = "FILE",
        Recursive = true,
    };

    public static Option<string?> ClientKey { get; } = new("--client-key")
    {
        Description = $"Its key, PEM, when it is not in the same file. Else ${ClientKeyVariable}. The password of either is in ${ClientKeyPasswordVariable}, and nowhere else.",
        HelpName = "FILE",
        Recursive = true,
    };

    public static Option<string> Output { get; } = CreateOutput();

    public static Option<TimeSpan?> Timeout { get; } = new("--timeout")
    {
        Description = "How long to wait at the most: 90s, 5m, 1h30m, 00:05:00, or seconds.",
        HelpName = "DURATION",
        CustomParser = Durations.ParseTimeout,
        Recursive = true,
    };

    public static IEnumerable<Option> All { get; } = [Url, Token, CaCert, ClientCert, ClientKey, Output, Timeout];

    /// <summary>Whether JSON is asked for; also where the rest of the line can't be understood.</summary>
    public static bool WantsJson(ParseResult parse)
    {
        for (var index = 0; index + 1 < parse.Tokens.Count; index++)
        {
            if (parse.Tokens[index].Value is "--output" or "-o" && parse.Tokens[index + 1].Value == Json)
            {
                return true;
            }
        }

        return false;
    }

    private static Option<string> CreateOutput()
    {
        var option = new Option<string>("--output", "-o")
        {
            Description = "table: for people, live on a terminal and plain lines in a pipe. json: one document, also for errors.",
            HelpName = "table|json",
            DefaultValueFactory = _ => Table,
            Recursive = true,
        };
        return option.AcceptOnlyFromAmong(Table, Json);
    }
}

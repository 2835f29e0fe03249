using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Gateway.CommandLine;

/// <summary>The gateway's command line: configuration files, settings over them, and nothing else.</summary>
/// <remarks>
/// Not System.CommandLine: <c>--Section:Key value</c> is an option whose name is not known before it is read, and there its value would
/// be taken for the file. The framework's own provider takes any word for a setting.
/// </remarks>
internal sealed class GatewayArguments
{
    public const string Config = "--config";
    public const string Help = "--help";
    public const string Version = "--version";

    private const string Prefix = "--";

    private static readonly string[] HelpNames = [Help, "-h", "-?", "/?"];

    private readonly List<string> _files = [];
    private readonly List<string> _settings = [];
    private readonly List<ConfigurationError> _errors = [];

    private GatewayArguments()
    {
    }

    /// <summary>The files of <c>--config</c>, in order.</summary>
    public IReadOnlyList<string> Files => _files;

    /// <summary>The settings, each as <c>--Section:Key=value</c>.</summary>
    public string[] Settings => [.. _settings];

    public bool WantsHelp { get; private set; }

    public bool WantsVersion { get; private set; }

    /// <summary>What is not understood.</summary>
    public IReadOnlyList<ConfigurationError> Errors => _errors;

    public static GatewayArguments Parse(IReadOnlyList<string> args)
    {
        var parsed = new GatewayArguments();
        for (var index = 0; index < args.Count; index++)
        {
            // What begins with "--" is the next option: a value that does is written with "=".
            var next = index + 1 < args.Count && !args[index + 1].StartsWith(Prefix, StringComparison.Ordinal) ? args[index + 1] : null;
            if (parsed.Take(args[index], next))
            {
                index++;
            }
        }

        return parsed;
    }

    // True when the value was the next argument.
    private bool Take(string argument, string? next)
    {
        if (HelpNames.Contains(argument, StringComparer.Ordinal))
        {
            WantsHelp = true;
            return false;
        }

        if (argument == Version)
        {
            WantsVersion = true;
            return false;
        }

        if (argument == Config || argument.StartsWith(Config + "=", StringComparison.Ordinal))
        {
            return TakeFile(argument, next);
        }

        return argument.StartsWith('-') ? TakeSetting(argument, next) : TakeWord(argument, next);
    }

    private bool TakeFile(string argument, string? next)
    {
        var isJoined = argument.Length > Config.Length;
        var file = isJoined ? argument[(Config.Length + 1)..] : next;
        if (string.IsNullOrWhiteSpace(file))
        {
            _errors.Add(new(Config, null, $"is missing its file: {Config} FILE"));
        }
        else
        {
            _files.Add(file);
        }

        return !isJoined && next is not null;
    }

    private bool TakeSetting(string argument, string? next)
    {
        var end = argument.IndexOf('=', StringComparison.Ordinal);
        var option = end < 0 ? argument : argument[..end];
        var key = option.StartsWith(Prefix, StringComparison.Ordinal) ? option[Prefix.Length..] : "";
        if (!TopSections.Contain(key))
        {
            _errors.Add(new(option, null, $"is not known{Meant(SuggestionFor(key))}"));

            // Its value, most likely; a second error for it would only be noise.
            return end < 0 && next is not null;
        }

        if (end < 0 && next is null)
        {
            _errors.Add(new(option, null, $"is missing its value: {option}=VALUE"));
            return false;
        }

        _settings.Add($"{Prefix}{key}={(end < 0 ? next : argument[(end + 1)..])}");
        return end < 0;
    }

    // As the framework has it, "Key=value" and "/Key=value" are settings too, unless there is a file of this name.
    private bool TakeWord(string word, string? next)
    {
        var end = word.IndexOf('=', StringComparison.Ordinal);
        var key = word.TrimStart('/');
        if (!File.Exists(word) && (end > 0 || word.StartsWith('/')) && TopSections.Contain(key.Split('=', 2)[0]))
        {
            return TakeSetting(Prefix + key, next);
        }

        var options = new[] { Config, Help, Version }.Select(option => option[Prefix.Length..]).ToList();
        if (File.Exists(word) || (_files.Count == 0 && !options.Contains(word, StringComparer.OrdinalIgnoreCase)))
        {
            _files.Add(word);
        }
        else
        {
            _errors.Add(new(word, null, $"is neither an option nor a file{Meant(Suggestion.For(word, options))}"));
        }

        return false;
    }

    private static string? SuggestionFor(string key)
    {
        var section = TopSections.Of(key);
        var rest = key[section.Length..];
        var known = rest.Length > 0
            ? TopSections.Known
            : [.. new[] { Config, Help, Version, "--urls", "--environment" }.Select(option => option[Prefix.Length..]), .. TopSections.Known];
        return Suggestion.For(section, known) is { } meant ? meant + rest : null;
    }

    private static string Meant(string? name) => name is null ? "" : $": did you mean {Prefix}{name}?";
}

/// <summary>The command line can't be understood.</summary>
internal sealed class GatewayUsageException(IReadOnlyList<ConfigurationError> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    /// <summary>What is not understood; the key is the argument.</summary>
    public IReadOnlyList<ConfigurationError> Errors => errors;
}

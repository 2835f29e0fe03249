using BlueGreen.ReverseProxy.Configuration;
using Serilog;
using Serilog.Debugging;
using Serilog.Events;

namespace BlueGreen.Gateway.Checks;

/// <summary>What is wrong with the sections <c>Logging</c> and <c>Serilog</c>.</summary>
/// <remarks>
/// Both are read while the application is built, and end the process with a stack trace where a level is none. So the values that can't
/// be used are replaced before, in memory: the application is built to look for all other errors, and never started.
/// </remarks>
internal sealed class LogCheck
{
    private const string Logs = "Serilog";
    private const string LogLevelSection = "LogLevel";

    private const string Unknown = "Unable to find a method called ";

    private static readonly Lock SelfLogLock = new();

    private readonly List<ConfigurationError> _errors = [];

    private LogCheck()
    {
    }

    /// <summary>The errors.</summary>
    public IReadOnlyList<ConfigurationError> Errors => _errors;

    /// <summary>Whether the log can't be made as it is configured.</summary>
    public bool HasBadSinks { get; private set; }

    /// <summary>Looks at both sections, and replaces levels that can't be used.</summary>
    public static LogCheck Of(ConfigurationManager configuration)
    {
        var check = new LogCheck();
        var logging = configuration.GetSection("Logging");
        foreach (var levels in logging.GetChildren().Select(provider => provider.GetSection(LogLevelSection)).Prepend(logging.GetSection(LogLevelSection)))
        {
            check.Levels<LogLevel>(configuration, levels.GetChildren());
        }

        var minimum = configuration.GetSection($"{Logs}:MinimumLevel");
        var restricted = configuration.GetSection(Logs).AsEnumerable().Select(pair => pair.Key).Where(key => key.EndsWith(":Args:restrictedToMinimumLevel", StringComparison.OrdinalIgnoreCase));
        check.Levels<LogEventLevel>(
            configuration,
            [minimum, minimum.GetSection("Default"), .. minimum.GetSection("Override").GetChildren(), .. restricted.Select(key => configuration.GetSection(key))]);
        check.Sinks(configuration.GetSection(Logs));
        return check;
    }

    private void Levels<TLevel>(ConfigurationManager configuration, IEnumerable<IConfigurationSection> levels)
        where TLevel : struct, Enum
    {
        foreach (var level in levels.ToList())
        {
            if (!string.IsNullOrEmpty(level.Value) && !Enum.TryParse<TLevel>(level.Value, ignoreCase: true, out _))
            {
                var names = Enum.GetNames<TLevel>();
                var meant = Suggestion.For(level.Value, names) is { } name ? $"did you mean {name}? Allowed: " : "";
                _errors.Add(new(level.Path, level.Value, $"is not allowed: {meant}{string.Join(", ", names)}"));
                configuration[level.Path] = nameof(LogLevel.Error);
            }
        }
    }

    // Made once for a look: with the null device for a file, because whoever only checks a configuration must not create its logs.
    private void Sinks(IConfigurationSection section)
    {
        var values = section.AsEnumerable()
            .Select(pair => pair.Value is not null && pair.Key.EndsWith(":Args:path", StringComparison.OrdinalIgnoreCase) ? new(pair.Key, NullDevice) : pair);
        var copy = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var found = new List<string>();
        lock (SelfLogLock)
        {
            var thread = Environment.CurrentManagedThreadId;
            SelfLog.Enable(line =>
            {
                // Behind it is a list of all methods there are, with their parameters.
                if (Environment.CurrentManagedThreadId == thread && line.Split(Unknown, 2) is [_, var rest])
                {
                    found.Add($"has no {rest.Split(". Candidate", 2)[0]}: the sinks Console and File are shipped");
                }
            });
            try
            {
                new LoggerConfiguration().ReadFrom.Configuration(copy, GatewayLogging.ReaderOptions);
            }
#pragma warning disable CA1031 // Sinks may throw anything at an argument that they can't use; all of it is a configuration error.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                found.Add($"can't be read: {(exception.InnerException ?? exception).Message}");
            }
            finally
            {
                SelfLog.Disable();
            }
        }

        HasBadSinks = found.Count > 0;
        _errors.AddRange(found.Select(what => new ConfigurationError(Logs, null, what)));
    }

    private static string NullDevice => OperatingSystem.IsWindows() ? "NUL" : "/dev/null";
}

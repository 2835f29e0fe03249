namespace BlueGreen.Gateway.Benchmarks;

/// <summary>The command line can't be understood.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The options of one command, <c>--name value</c> each.</summary>
internal sealed class CommandOptions
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private CommandOptions()
    {
    }

    public static CommandOptions Read(string[] args, IReadOnlyCollection<string> known)
    {
        var options = new CommandOptions();
        for (var index = 0; index < args.Length; index += 2)
        {
            if (!known.Contains(args[index], StringComparer.Ordinal))
            {
                throw new UsageException($"Unknown option: {args[index]}");
            }

            options._values[args[index]] = index + 1 < args.Length ? args[index + 1] : throw new UsageException($"{args[index]} is missing its value.");
        }

        return options;
    }

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public int Number(string name, int fallback, int most)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        return int.TryParse(text, out var value) && value >= 1 && value <= most
            ? value
            : throw new UsageException($"{name} must be a whole number from 1 to {most}.");
    }
}

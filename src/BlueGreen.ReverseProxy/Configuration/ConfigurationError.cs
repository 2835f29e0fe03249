namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One thing that is wrong with the configuration.</summary>
/// <param name="Key">Where: the configuration key, such as <c>BlueGreen:Services:orders:Health:Interval</c>.</param>
/// <param name="Value">What was found there; null when nothing was, or when it may be a secret.</param>
/// <param name="Allowed">What is wrong with it, and what is allowed.</param>
public sealed record ConfigurationError(string Key, string? Value, string Allowed)
{
    /// <summary>The error in one line, for a terminal or a log.</summary>
    public override string ToString() =>
        Value is null ? $"{Key}: {OneLine(Allowed)}" : $"{Key}: \"{OneLine(Value)}\" {OneLine(Allowed)}";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}

/// <summary>The configuration can't be used; carries every error that was found, not the first alone.</summary>
public sealed class BlueGreenConfigurationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public BlueGreenConfigurationException(IReadOnlyList<ConfigurationError> errors)
        : base(string.Join(Environment.NewLine, errors))
    {
        Errors = errors;
    }

    /// <summary>Every error.</summary>
    public IReadOnlyList<ConfigurationError> Errors { get; }
}

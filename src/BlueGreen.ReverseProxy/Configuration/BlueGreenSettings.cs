namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>The <c>BlueGreen</c> section as read, with what was wrong with it.</summary>
internal sealed record BlueGreenSettings(BlueGreenOptions Options, IReadOnlyList<ConfigurationError> Errors);

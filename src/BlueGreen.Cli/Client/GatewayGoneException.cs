namespace BlueGreen.Cli.Client;

/// <summary>No answer of a gateway came.</summary>
/// <param name="message">Why, for people.</param>
/// <param name="nothingWasSent">Whether it is sure that the gateway has not seen the call.</param>
/// <param name="hint">What to look at; null where the message says what to do.</param>
internal sealed class GatewayGoneException(string message, bool nothingWasSent, string? hint) : Exception(message)
{
    public bool NothingWasSent { get; } = nothingWasSent;

    public string? Hint { get; } = hint;
}

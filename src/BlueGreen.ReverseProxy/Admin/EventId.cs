using System.Globalization;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>
/// The id of a server-sent event: <c>HISTORY-NUMBER</c>. The history tells events of a state that was lost from those of the one
/// that replaced it, whose numbers begin anew.
/// </summary>
internal static class EventId
{
    public static string Of(GatewayState state, long sequence) => string.Create(CultureInfo.InvariantCulture, $"{state.History}-{sequence}");

    public static bool IsValid(string id) => TryParse(id, out _, out _);

    /// <summary>The number that a client has seen; null if it can't be of this state. A number alone is taken for one of this state.</summary>
    public static long? After(GatewayState state, string id) =>
        TryParse(id, out var history, out var sequence) && (history is null || history == state.History) && sequence <= state.LastEvent ? sequence : null;

    private static bool TryParse(string id, out string? history, out long sequence)
    {
        var dash = id.LastIndexOf('-');
        history = dash > 0 ? id[..dash] : null;
        return long.TryParse(id.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out sequence) && dash != 0;
    }
}

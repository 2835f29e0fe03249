using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Connecting;

/// <content>What the log says of names: each change, and each outage once.</content>
internal sealed partial class DestinationNames
{
    private void Report(string host, NameAnswer? before, NameAnswer answer, bool isFirstFailure)
    {
        if (answer.Addresses.IsEmpty)
        {
            if (isFirstFailure && before is { Addresses.IsEmpty: false })
            {
                LogKept(logger, host, answer.Problem!, Text(before.Addresses));
            }
            else if (isFirstFailure)
            {
                LogUnresolved(logger, host, answer.Problem!);
            }

            return;
        }

        if (answer.Refused is { } refused && refused != before?.Refused)
        {
            LogRefused(logger, host, refused);
        }

        LogResolved(logger, host, Text(answer.Addresses), before is null or { Addresses.IsEmpty: true } ? "none" : Text(before.Addresses));
    }

    private static string Text(ImmutableArray<IPAddress> addresses) => string.Join(", ", addresses);

    [LoggerMessage(1201, LogLevel.Error, "Destinations at {Host} take no traffic and pass no gate: {Problem}. The name is looked up again every few seconds.")]
    private static partial void LogUnresolved(ILogger logger, string host, string problem);

    [LoggerMessage(1202, LogLevel.Warning, "Destinations at {Host} stay at their last addresses ({Addresses}): {Problem}.")]
    private static partial void LogKept(ILogger logger, string host, string problem, string addresses);

    [LoggerMessage(1203, LogLevel.Information, "Destinations at {Host} are at {Addresses} (before: {Before}).")]
    private static partial void LogResolved(ILogger logger, string host, string addresses, string before);

    [LoggerMessage(1204, LogLevel.Warning, "Addresses of {Host} are left out: {Refused}.")]
    private static partial void LogRefused(ILogger logger, string host, string refused);
}

using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Writes one line per failed request: which destination of which slot, and why. YARP's own line names neither and brings a stack trace of
/// the proxy, which says nothing about an API that is down.
/// </summary>
internal sealed partial class ForwardFailureLog(ILogger<ForwardFailureLog> logger)
{
    // Messages of exceptions come from the operating system and from what a destination has sent.
    private const int MaxCause = 300;

    /// <summary>Writes the line, unless the client went away or the drain's deadline passed: nobody failed then.</summary>
    /// <param name="context">The request, which has ended.</param>
    /// <param name="slot">The slot that served it; null for a route that belongs to no service.</param>
    /// <param name="error">How it ended.</param>
    /// <param name="exception">What the proxy ran into.</param>
    public void Write(HttpContext context, Slot? slot, ForwarderError error, Exception? exception)
    {
        if (error == ForwarderError.None || error.IsCancellation() || error.IsOfClient() || !logger.IsEnabled(LogLevel.Warning))
        {
            return;
        }

        var proxy = context.GetReverseProxyFeature();
        var cluster = proxy.Cluster.Config.ClusterId;
        var route = proxy.Route.Config.RouteId;
        var name = slot?.Name.ToText() ?? "no slot";
        if (proxy.ProxiedDestination is { } destination)
        {
            LogFailed(logger, cluster, name, destination.DestinationId, destination.Model.Config.Address, What(error), route, error.ToString(), CauseOf(exception));
        }
        else
        {
            LogNowhere(logger, cluster, name, route);
        }
    }

    private static string What(ForwarderError error) => error switch
    {
        ForwarderError.Request => "did not answer",
        ForwarderError.RequestTimedOut => "did not answer in time",
        ForwarderError.RequestCreation => "was not asked, for the request could not be made",
        ForwarderError.RequestBodyDestination => "stopped reading the request",
        ForwarderError.ResponseHeaders => "sent a response that can't be passed on",
        ForwarderError.ResponseBodyDestination => "broke off in the middle of its response",
        ForwarderError.UpgradeRequestDestination or ForwarderError.UpgradeResponseDestination => "broke an upgraded connection off",
        ForwarderError.UpgradeActivityTimeout => "had a connection on which nothing moved for longer than the activity timeout",
        _ => "failed",
    };

    // The messages from the outermost to the innermost, each once: an outer one often repeats what is in it.
    private static string CauseOf(Exception? exception)
    {
        var cause = "";
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is not AggregateException && !cause.Contains(exception.Message, StringComparison.Ordinal))
            {
                cause = cause.Length == 0 ? exception.Message : $"{cause} {exception.Message}";
            }
        }

        return cause.Length > MaxCause ? cause[..MaxCause] : cause;
    }

    [LoggerMessage(1101, LogLevel.Warning, "Cluster {Cluster} ({Slot}): destination {Destination} at {Address} {What} on route {Route} [{Error}]. {Cause}")]
    private static partial void LogFailed(
        ILogger logger, string cluster, string slot, string destination, string address, string what, string route, string error, string cause);

    [LoggerMessage(1102, LogLevel.Warning, "Cluster {Cluster} ({Slot}): no destination is available for route {Route}; GET /v1/services says what their probes found.")]
    private static partial void LogNowhere(ILogger logger, string cluster, string slot, string route);
}

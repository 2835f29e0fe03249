using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>The steps before and after a forward, with the gateway's defaults.</summary>
internal static class Forwards
{
    public static SlotSelectionMiddleware Selection(RequestDelegate next, RoutingTablePublisher tables, RouteBinder binder) =>
        new(next, tables, new SlotSelector(tables, TimeProvider.System), binder, Headers, Completion(), GatewayErrors.Answers());

    public static ForwardCompletion Completion() => new(Headers, Services.Listeners(), new ForwardFailureLog(NullLogger<ForwardFailureLog>.Instance), Measurement, GatewayErrors.Answers());

    private static SlotResponseHeaders Headers { get; } = new(new BlueGreenOptions());

    private static ResponseMeasurement Measurement { get; } = new(TimeProvider.System, NetworkSet.None);
}

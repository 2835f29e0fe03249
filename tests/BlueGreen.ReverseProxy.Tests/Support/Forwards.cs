using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Forwarding.Holding;
using BlueGreen.ReverseProxy.Forwarding.Mirroring;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using BlueGreen.ReverseProxy.Forwarding.Splitting;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>The steps before and after a forward, with the gateway's defaults.</summary>
internal static class Forwards
{
    public static SlotSelectionMiddleware Selection(RequestDelegate next, RoutingTablePublisher tables, RouteBinder binder, PreviewEntrance? previews = null) =>
        new(next, tables, new SlotSelector(tables, TimeProvider.System), binder, Headers, previews ?? Entrance(new PreviewKeys()), new SplitKeyReader(NetworkSet.None), new HeldRequests(tables, GatewayErrors.Answers()), new RequestMirror(new MirrorRuns(TimeProvider.System), forwarder: null!), Completion(), GatewayErrors.Answers());

    public static PreviewEntrance Entrance(PreviewKeys keys, ForwardingOptions? forwarding = null, TimeProvider? time = null) => new(
        keys,
        new PreviewRefusals(),
        forwarding ?? new ForwardingOptions(),
        GatewayErrors.Answers(),
        time ?? TimeProvider.System,
        NullLogger<PreviewEntrance>.Instance);

    public static ForwardCompletion Completion() => new(Headers, Services.Listeners(), new ForwardFailureLog(NullLogger<ForwardFailureLog>.Instance), Measurement, GatewayErrors.Answers());

    private static SlotResponseHeaders Headers { get; } = new(new CurrentOptions(new BlueGreenOptions()));

    private static ResponseMeasurement Measurement { get; } = new(TimeProvider.System, NetworkSet.None);
}

using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>The gateway's error answers, as a configuration has them.</summary>
internal static class GatewayErrors
{
    public static ErrorAnswers Answers(BlueGreenOptions? options = null) => new(new ServiceCatalog(options ?? Services.Options("orders")), Pages(options ?? new()));

    public static ErrorPages Pages(BlueGreenOptions options) =>
        new(new CurrentOptions(options), new BackgroundLoops(TimeProvider.System, NullLogger<BackgroundLoops>.Instance), TimeProvider.System, NullLogger<ErrorPages>.Instance);
}

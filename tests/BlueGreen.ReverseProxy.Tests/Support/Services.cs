using System.Collections.Frozen;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>Services as a configuration would name them: <c>orders</c> has the clusters <c>orders-blue</c> and <c>orders-green</c>.</summary>
internal static class Services
{
    public static BlueGreenOptions Options(params string[] names) => new()
    {
        Services = names
            .Select(name => new ServiceOptions { Name = name, Blue = name + "-blue", Green = name + "-green" })
            .ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase),
    };

    /// <summary>The same with other settings of every service's bake.</summary>
    public static BlueGreenOptions WithBake(this BlueGreenOptions options, Func<BakeOptions, BakeOptions> change) => options with
    {
        Services = options.Services.Values.Select(service => service with { Bake = change(service.Bake) }).ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase),
    };

    public static ServiceCatalog Catalog(params string[] names) => new(Options(names));

    public static Listeners Listeners()
    {
        var options = Options("orders");
        return new(options, new ConnectionLimiter(new CurrentOptions(options), new DescriptorBudget(), TimeProvider.System, NullLogger<ConnectionLimiter>.Instance), TimeProvider.System);
    }

    public static Service Entry(this ServiceCatalog catalog, string name) =>
        catalog.TryGet(name, out var entry) ? entry : throw new ArgumentException($"no service {name}", nameof(name));
}

using Serilog.Core;
using Serilog.Events;

namespace BlueGreen.Gateway;

/// <summary>YARP's own line about a slot's destination: the gateway says the same with service, slot and reason.</summary>
internal sealed class SlotHealthNoise(IConfiguration configuration)
{
    private const string Source = "Yarp.ReverseProxy.Health.DestinationHealthUpdater";

    private readonly HashSet<string> _clusters = new(
        configuration.GetSection("BlueGreen:Services").GetChildren().SelectMany(service => new[] { service["Blue"], service["Green"] }).OfType<string>(),
        StringComparer.OrdinalIgnoreCase);

    public bool Contains(LogEvent entry) =>
        entry.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) && source is ScalarValue { Value: Source }
        && entry.Properties.TryGetValue("clusterId", out var cluster) && cluster is ScalarValue { Value: string id } && _clusters.Contains(id);
}

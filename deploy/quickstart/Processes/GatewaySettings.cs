using System.Text.Json;

namespace BlueGreen.Quickstart.Processes;

/// <summary>The gateway's configuration: one route, one service with two slots. Short times, so that there is something to see.</summary>
internal static class GatewaySettings
{
    public const string Service = "orders";
    public static readonly TimeSpan Bake = TimeSpan.FromSeconds(4);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Task WriteAsync(string file, string stateFolder, Uri blue, Uri green, CancellationToken stop)
    {
        var settings = new
        {
            ReverseProxy = new
            {
                Routes = new { orders = new { ClusterId = "orders-blue", Match = new { Path = "/orders/{**rest}" } } },
                Clusters = new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    ["orders-blue"] = new { Destinations = new { b1 = new { Address = blue } } },
                    ["orders-green"] = new { Destinations = new { g1 = new { Address = green } } },
                },
            },
            BlueGreen = new
            {
                Admin = new { Urls = "http://127.0.0.1:0" },
                State = new { Directory = stateFolder },
                Services = new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    [Service] = new
                    {
                        Blue = "orders-blue",
                        Green = "orders-green",
                        InitialActive = "blue",
                        Health = new
                        {
                            Path = "/health",
                            Interval = "00:00:01",
                            Timeout = "00:00:02",
                            HealthyThreshold = 3,
                            VerifyInterval = "00:00:00.200",
                            RequiredChecks = new[] { "orders" },
                        },
                        Drain = new { Timeout = "00:00:30" },
                        Bake = new { Duration = Bake.ToString("c") },
                    },
                },
            },
        };
        return File.WriteAllTextAsync(file, JsonSerializer.Serialize(settings, Indented), stop);
    }
}

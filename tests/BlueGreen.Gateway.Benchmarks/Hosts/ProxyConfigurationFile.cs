using System.Text.Json.Nodes;

namespace BlueGreen.Gateway.Benchmarks.Hosts;

/// <summary>One configuration for every proxy of a measurement; plain YARP does not look at the gateway's section.</summary>
/// <param name="BlueUrl">The API behind the blue cluster.</param>
/// <param name="GreenUrl">The API behind the green cluster.</param>
internal sealed record ProxyConfigurationFile(string BlueUrl, string GreenUrl)
{
    public const string Service = "orders";

    public int RouteCount { get; init; } = 1;

    public string Active { get; init; } = "blue";

    public bool HasResponseHeaders { get; init; } = true;

    /// <summary>Over how long the WebSockets of a slot are closed after a switch, at once; null for the gateway's defaults.</summary>
    public TimeSpan? LongLivedSpread { get; init; }

    /// <summary>Writes the file; the state lies in a folder beside it.</summary>
    public void Write(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var root = new JsonObject
        {
            ["ReverseProxy"] = new JsonObject
            {
                ["Routes"] = new JsonObject(Enumerable.Range(0, RouteCount).Select(number => KeyValuePair.Create($"route-{number}", (JsonNode?)RouteOf(number)))),
                ["Clusters"] = new JsonObject { ["orders-blue"] = ClusterOf("b1", BlueUrl), ["orders-green"] = ClusterOf("g1", GreenUrl) },
            },
            ["BlueGreen"] = new JsonObject
            {
                ["State"] = new JsonObject { ["Directory"] = Path.Combine(folder, Path.GetFileNameWithoutExtension(path) + "-state") },
                ["ResponseHeaders"] = new JsonObject { ["Environment"] = HasResponseHeaders, ["Version"] = HasResponseHeaders },
                ["Services"] = new JsonObject
                {
                    [Service] = new JsonObject
                    {
                        ["Blue"] = "orders-blue",
                        ["Green"] = "orders-green",
                        ["InitialActive"] = Active,
                        ["Health"] = new JsonObject { ["HealthyThreshold"] = 1 },
                        ["Drain"] = LongLivedSpread is { } spread
                            ? new JsonObject { ["LongLived"] = new JsonObject { ["Grace"] = "00:00:00", ["Spread"] = spread.ToString("c") } }
                            : new JsonObject(),
                    },
                },
            },
        };
        File.WriteAllText(path, root.ToJsonString());
    }

    // The gateway keeps the original Host; here plain YARP is told to as well, so that the two send the same request.
    private static JsonObject RouteOf(int number) => new()
    {
        ["ClusterId"] = "orders-blue",
        ["Match"] = new JsonObject { ["Path"] = $"/orders-{number}/{{**rest}}" },
        ["Transforms"] = new JsonArray(new JsonObject { ["RequestHeaderOriginalHost"] = "true" }),
    };

    private static JsonObject ClusterOf(string id, string url) => new()
    {
        ["Destinations"] = new JsonObject { [id] = new JsonObject { ["Address"] = url } },
    };
}

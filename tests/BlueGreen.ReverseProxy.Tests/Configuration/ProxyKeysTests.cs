using System.Globalization;
using BlueGreen.ReverseProxy.Configuration.Keys;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

/// <summary>The keys that YARP's types have are those that YARP reads: otherwise one would be allowed and do nothing.</summary>
public sealed class ProxyKeysTests
{
    private const string Id = "one";

    // Not read as a key: the name of the section is the id.
    private static readonly string[] Roots = ["Routes", "Clusters"];

    public static TheoryData<string> Leaves => [.. Roots.SelectMany(root => LeavesOf(ProxyKeys.Root.Children[root], $"ReverseProxy:{root}"))];

    [Theory]
    [MemberData(nameof(Leaves))]
    public void Key_OfTheTypes_IsReadByYarp(string leaf)
    {
        var (key, value) = (leaf.Split('=')[0], leaf.Split('=')[1]);

        var (without, with) = (Load(key, value: null), Load(key, value));

        with.Should().NotBe(without, "{0} should be read", key);
    }

    private static string Load(string key, string? value)
    {
        // A sibling that is there in both: without one, the section itself would be the difference.
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [$"ReverseProxy:Routes:{Id}:ClusterId"] = "sibling",
            [$"ReverseProxy:Clusters:{Id}:LoadBalancingPolicy"] = "sibling",
        };
        if (value is not null)
        {
            values[key] = value;
        }

        using var services = new ServiceCollection()
            .AddLogging()
            .AddReverseProxy()
            .LoadFromConfig(new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection("ReverseProxy"))
            .Services.BuildServiceProvider();
        var config = services.GetRequiredService<IProxyConfigProvider>().GetConfig();
        return System.Text.Json.JsonSerializer.Serialize(new { config.Routes, config.Clusters });
    }

    private static IEnumerable<string> LeavesOf(SettingNode node, string key) => node.Kind switch
    {
        SettingKind.Section => node.Children.SelectMany(child => LeavesOf(child.Value, $"{key}:{child.Key}")),
        SettingKind.Map => LeavesOf(node.Item!, $"{key}:{Id}"),
        SettingKind.List => LeavesOf(node.Item!, $"{key}:0"),
        _ => [$"{key}={ValueOf(node)}"],
    };

    private static string ValueOf(SettingNode node) => node.Kind switch
    {
        SettingKind.Boolean => "true",
        SettingKind.Integer => 7.ToString(CultureInfo.InvariantCulture),
        SettingKind.Duration => "00:00:07",
        SettingKind.Version => "1.1",
        SettingKind.Uri => "http://proxy.example.com/",
        _ => node.Names.Count > 0 ? node.Names[^1] : "text",
    };
}

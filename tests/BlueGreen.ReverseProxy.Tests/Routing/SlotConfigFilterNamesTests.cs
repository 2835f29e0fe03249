using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Routing;

/// <summary>When names are looked up for a load of YARP's, and which.</summary>
public sealed class SlotConfigFilterNamesTests
{
    private readonly Names _server = new();
    private readonly ManualTime _time = new();
    private readonly SlotConfigProvider _provider = new();
    private readonly DestinationNames _names;
    private readonly SlotConfigFilter _filter;

    public SlotConfigFilterNamesTests()
        : this(new DestinationOptions())
    {
    }

    private SlotConfigFilterNamesTests(DestinationOptions options)
    {
        _names = new DestinationNames(options, _server.LookUpAsync, _time, NullLogger<DestinationNames>.Instance);
        _filter = new SlotConfigFilter(Services.Catalog("orders"), _provider, _names, NullLogger<SlotConfigFilter>.Instance);
    }

    [Fact]
    public async Task Load_NameOfASlot_IsADestinationPerAddress()
    {
        _server.Set("blue.internal", "10.0.0.1", "10.0.0.2");

        var loaded = await LoadAsync(Cluster("orders-blue", "http://blue.internal/"));

        loaded.Single().Destinations!.Keys.Should().BeEquivalentTo("d[10.0.0.1]", "d[10.0.0.2]");
    }

    [Fact]
    public async Task Load_ClusterOfNoService_IsLeftAlone()
    {
        var loaded = await LoadAsync(Cluster("other", "http://other.internal/"));

        loaded.Single().Destinations!["d"].Address.Should().Be("http://other.internal/");
        _server.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task Load_SwitchedOff_IsLeftAlone()
    {
        var off = new SlotConfigFilterNamesTests(new DestinationOptions { Resolve = false });

        var loaded = await off.LoadAsync(Cluster("orders-blue", "http://blue.internal/"));

        loaded.Single().Destinations!.Keys.Should().Equal("d");
        off._server.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task Load_ClusterBehindAProxy_LeavesNamesToTheProxy()
    {
        var cluster = Cluster("orders-blue", "http://blue.internal/") with { HttpClient = new HttpClientConfig { WebProxy = new WebProxyConfig { Address = new Uri("http://10.0.0.1/") } } };

        (await LoadAsync(cluster)).Single().Destinations!.Keys.Should().Equal("d");
    }

    // The clusters come one after the other: a wait for each would be 5 s per cluster.
    [Fact]
    public async Task Load_NameServerHangs_WaitsOnceForAllClusters()
    {
        var never = new TaskCompletionSource<System.Net.IPAddress[]>().Task;
        _server.Set("blue.internal", () => never);
        _server.Set("green.internal", () => never);

        var loading = LoadAsync(Cluster("orders-blue", "http://blue.internal/"), Cluster("orders-green", "http://green.internal/"));
        await _time.UntilWaitedForAsync(DestinationNames.LookupTimeout);
        _time.Advance(DestinationNames.LookupTimeout);

        (await loading.WaitAsync(TestTime.Limit)).Should().OnlyContain(
            cluster => cluster.Destinations!["d"].Metadata![NamedDestinations.ProblemKey].Contains("no answer within 5 s"));
    }

    // Else the first cluster would stay where the name led before: what the second one has taken would no longer be news.
    [Fact]
    public async Task Load_NameMovesBetweenTwoClusters_PutsTheSameAnswersIntoBothAndLeavesTheNewsForTheNextLoad()
    {
        _server.Set("api.internal", "10.0.0.1");
        ClusterConfig[] clusters = [Cluster("orders-blue", "http://api.internal/"), Cluster("orders-green", "http://api.internal/")];
        IReadOnlyList<IProxyConfig> configs = [new Config(clusters)];
        _filter.ConfigurationLoaded(configs);
        await _filter.ConfigureClusterAsync(clusters[0], CancellationToken.None);
        _server.Set("api.internal", "10.0.0.2");
        await _names.RefreshAsync();

        var green = await _filter.ConfigureClusterAsync(clusters[1], CancellationToken.None);
        _filter.ConfigurationApplied(configs);

        green.Destinations!.Keys.Should().Equal("d[10.0.0.1]");
        _names.HasNews.Should().BeTrue();
        (await LoadAsync(clusters)).Should().OnlyContain(cluster => cluster.Destinations!.ContainsKey("d[10.0.0.2]"));
    }

    [Fact]
    public async Task Load_OfADeployment_LooksItsNameUpAfreshAndNoLongerTheConfiguredOne()
    {
        _server.Set("blue.internal", "10.0.0.1");
        _server.Set("deployed.internal", "10.0.0.2");
        var cluster = Cluster("orders-blue", "http://blue.internal/");
        await LoadAsync(cluster);
        await DeployAsync();

        _server.Set("deployed.internal", "10.0.0.3");
        var loaded = await DeployAsync();

        loaded.Single().Destinations!.Keys.Should().Equal("b2[10.0.0.3]");
        _server.Asked.Clear();
        await _names.RefreshAsync();
        _server.Asked.Should().Equal("deployed.internal");

        Task<List<ClusterConfig>> DeployAsync()
        {
            _ = _provider.ApplyAsync(
                "orders-blue", ImmutableSortedDictionary<string, DestinationConfig>.Empty.Add("b2", new DestinationConfig { Address = "http://deployed.internal/" }));
            return LoadAsync(cluster);
        }
    }

    [Fact]
    public async Task Load_ThatIsRefused_KeepsTheNamesThatAreInUse()
    {
        _server.Set("blue.internal", "10.0.0.1");
        _server.Set("refused.internal", "10.0.0.2");
        await LoadAsync(Cluster("orders-blue", "http://blue.internal/"));

        IReadOnlyList<IProxyConfig> refused = [new Config(Cluster("orders-blue", "http://refused.internal/"))];
        _filter.ConfigurationLoaded(refused);
        await _filter.ConfigureClusterAsync(refused[0].Clusters[0], CancellationToken.None);
        _filter.ConfigurationApplyingFailed(refused, new InvalidOperationException());
        _server.Asked.Clear();
        await _names.RefreshAsync();

        _server.Asked.Should().Contain("blue.internal");
    }

    [Fact]
    public async Task Applied_WithoutTheFilterBeingAsked_KeepsTheNamesThatAreInUse()
    {
        _server.Set("blue.internal", "10.0.0.1");
        await LoadAsync(Cluster("orders-blue", "http://blue.internal/"));

        _filter.ConfigurationLoaded([]);
        _filter.ConfigurationApplied([]);
        _server.Asked.Clear();
        await _names.RefreshAsync();

        _server.Asked.Should().Equal("blue.internal");
    }

    private async Task<List<ClusterConfig>> LoadAsync(params ClusterConfig[] clusters)
    {
        IReadOnlyList<IProxyConfig> configs = [new Config(clusters)];
        _provider.ConfigurationLoaded(configs);
        _filter.ConfigurationLoaded(configs);
        var loaded = new List<ClusterConfig>();
        foreach (var cluster in clusters)
        {
            loaded.Add(await _filter.ConfigureClusterAsync(cluster, CancellationToken.None));
        }

        _provider.ConfigurationApplied(configs);
        _filter.ConfigurationApplied(configs);
        return loaded;
    }

    private static ClusterConfig Cluster(string id, string address) => new()
    {
        ClusterId = id,
        Destinations = new Dictionary<string, DestinationConfig>(StringComparer.Ordinal) { ["d"] = new() { Address = address } },
    };

    private sealed class Config(params ClusterConfig[] clusters) : IProxyConfig
    {
        public IReadOnlyList<RouteConfig> Routes => [];

        public IReadOnlyList<ClusterConfig> Clusters => clusters;

        public IChangeToken ChangeToken { get; } = new CancellationChangeToken(CancellationToken.None);
    }
}

using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Tests.Routing;

/// <summary>What is said of destinations that were deployed, step by step as YARP calls.</summary>
public sealed class SlotConfigProviderTests
{
    private static readonly ImmutableSortedDictionary<string, DestinationConfig> Deployed =
        ImmutableSortedDictionary<string, DestinationConfig>.Empty.Add("b2", new DestinationConfig { Address = "http://10.0.0.2/" });

    private readonly ServiceCatalog _services = Services.Catalog("orders");
    private readonly SlotConfigProvider _provider = new();
    private readonly SlotConfigFilter _filter;
    private readonly IReadOnlyList<IProxyConfig> _configs = [new Config(new ClusterConfig { ClusterId = "orders-blue" })];

    public SlotConfigProviderTests()
    {
        _filter = new SlotConfigFilter(_services, _provider, Names.Literal(), NullLogger<SlotConfigFilter>.Instance);
    }

    // YARP says "applied" also when it has nothing to apply, because another provider could not be loaded.
    [Fact]
    public async Task Apply_YarpSaysAppliedWithoutAskingTheFilter_GoesOnWaiting()
    {
        var applying = _provider.ApplyAsync("orders-blue", Deployed);
        _provider.ConfigurationLoaded(_configs);
        _provider.ConfigurationApplied(_configs);
        applying.IsCompleted.Should().BeFalse("nothing was put into a cluster");

        _provider.ConfigurationLoaded(_configs);
        var cluster = await _filter.ConfigureClusterAsync(_configs[0].Clusters[0], CancellationToken.None);
        cluster.Destinations.Should().ContainKey("b2");
        _provider.ConfigurationApplied(_configs);

        await applying.WaitAsync(TestTime.Limit);
    }

    [Fact]
    public async Task Apply_BetweenLoadedAndApplied_WaitsForTheNextLoad()
    {
        _provider.ConfigurationLoaded(_configs);
        var applying = _provider.ApplyAsync("orders-blue", Deployed);
        await _filter.ConfigureClusterAsync(_configs[0].Clusters[0], CancellationToken.None);
        _provider.ConfigurationApplied(_configs);
        applying.IsCompleted.Should().BeFalse();

        _provider.ConfigurationLoaded(_configs);
        await _filter.ConfigureClusterAsync(_configs[0].Clusters[0], CancellationToken.None);
        _provider.ConfigurationApplied(_configs);

        await applying.WaitAsync(TestTime.Limit);
    }

    [Fact]
    public async Task Apply_YarpRefuses_Fails()
    {
        var applying = _provider.ApplyAsync("orders-blue", Deployed);
        _provider.ConfigurationLoaded(_configs);
        await _filter.ConfigureClusterAsync(_configs[0].Clusters[0], CancellationToken.None);
        _provider.ConfigurationApplyingFailed(_configs, new InvalidOperationException("no"));

        await applying.Invoking(task => task.WaitAsync(TestTime.Limit)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*refused*no*");
    }

    [Fact]
    public void Reload_RaisesTheTokenThatYarpHoldsAndNoOther()
    {
        var held = _provider.GetConfig().ChangeToken;

        _provider.Reload();

        held.HasChanged.Should().BeTrue();
        _provider.GetConfig().ChangeToken.HasChanged.Should().BeFalse("YARP would load without an end");
    }

    // A name that moves while a deployment waits: the load is for both, and speaks for the deployment.
    [Fact]
    public async Task Reload_WhileADeploymentWaits_DoesNotCompleteItBeforeItIsApplied()
    {
        var applying = _provider.ApplyAsync("orders-blue", Deployed);

        _provider.Reload();
        applying.IsCompleted.Should().BeFalse();

        _provider.ConfigurationLoaded(_configs);
        await _filter.ConfigureClusterAsync(_configs[0].Clusters[0], CancellationToken.None);
        _provider.ConfigurationApplied(_configs);
        await applying.WaitAsync(TestTime.Limit);
    }

    [Fact]
    public async Task ActivityTimeout_OfAConfigurationThatIsRefused_ChangesNothing()
    {
        var slot = _services.All[0].Blue;
        var cluster = new ClusterConfig { ClusterId = "orders-blue", HttpRequest = new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromSeconds(5) } };
        IReadOnlyList<IProxyConfig> configs = [new Config(cluster)];
        _filter.ConfigurationLoaded(configs);
        await _filter.ConfigureClusterAsync(cluster, CancellationToken.None);
        _filter.ConfigurationApplyingFailed(configs, new InvalidOperationException());
        slot.HasActivityTimeout.Should().BeFalse();

        _filter.ConfigurationLoaded(configs);
        await _filter.ConfigureClusterAsync(cluster, CancellationToken.None);
        _filter.ConfigurationApplied(configs);
        slot.HasActivityTimeout.Should().BeTrue();
    }

    private sealed class Config(params ClusterConfig[] clusters) : IProxyConfig
    {
        public IReadOnlyList<RouteConfig> Routes => [];

        public IReadOnlyList<ClusterConfig> Clusters => clusters;

        public IChangeToken ChangeToken { get; } = new CancellationChangeToken(CancellationToken.None);
    }
}

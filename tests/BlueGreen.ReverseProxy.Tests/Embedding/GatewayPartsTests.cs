using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Tests.Embedding;

/// <summary>A host that leaves a part out, or has it in the wrong place, is told so when it starts.</summary>
public sealed class GatewayPartsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Host_WithBothCalls_Starts()
    {
        var builder = Builder();
        builder.AddBlueGreenGateway();
        await using var app = builder.Build();
        app.MapBlueGreenGateway();

        await app.StartAsync();

        app.Services.GetRequiredService<IBlueGreen>().GetServices().Should().BeEmpty();
        await app.StopAsync();
    }

    [Fact]
    public async Task Host_WithEverythingLeftOut_Starts()
    {
        var builder = Builder();
        builder.AddBlueGreenGateway(options =>
        {
            options.AdminListener = options.Listeners = options.ConnectionClose = options.RequestGuard = options.RoutePolicies = false;
            options.ProxySection = null;
        }).LoadFromMemory([], []);
        await using var app = builder.Build();
        app.MapBlueGreenGateway();

        await app.StartAsync();

        app.Urls.Should().ContainSingle();
        await app.StopAsync();
    }

    [Fact]
    public async Task Start_WithoutMap_SaysWhatIsMissing()
    {
        var builder = Builder();
        builder.AddBlueGreenGateway();
        await using var app = builder.Build();

        await FluentActions.Awaiting(() => app.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*call app.MapBlueGreenGateway()*");
    }

    // Proxied without it, every request would go to the slot that the configuration names, whatever is active.
    [Fact]
    public async Task Start_WithAPipelineThatIsYarpsAlone_SaysWhatIsMissing()
    {
        var builder = Builder();
        builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy")).AddBlueGreen(builder.Configuration);
        await using var app = builder.Build();
        app.MapReverseProxy();

        await FluentActions.Awaiting(() => app.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*proxy.UseBlueGreen()*");
    }

    [Fact]
    public async Task Start_WithTwoGatesOfOneName_SaysWhich()
    {
        var builder = Builder();
        builder.AddBlueGreenGateway().AddReleaseGate<OneGate>().AddReleaseGate<AnotherGate>();
        await using var app = builder.Build();
        app.MapBlueGreenGateway();

        await FluentActions.Awaiting(() => app.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*gate:same*OneGate*AnotherGate*");
    }

    [Fact]
    public async Task Map_WithoutAdd_SaysWhatIsMissing()
    {
        await using var app = Builder().Build();

        FluentActions.Invoking(() => app.MapBlueGreenGateway()).Should().Throw<InvalidOperationException>().WithMessage("*needs builder.AddBlueGreenGateway()*");
    }

    [Fact]
    public async Task Map_WithAnErrorInTheConfiguration_NamesTheKey()
    {
        var builder = Builder();
        builder.Configuration["BlueGreen:Services:orders:Blue"] = "nowhere";
        builder.AddBlueGreenGateway();
        await using var app = builder.Build();

        FluentActions.Invoking(() => app.MapBlueGreenGateway()).Should().Throw<Exception>().WithMessage("*BlueGreen:Services:orders:*");
    }

    [Fact]
    public async Task Map_Twice_SaysThatItIsThere()
    {
        var builder = Builder();
        builder.AddBlueGreenGateway();
        await using var app = builder.Build();
        app.MapBlueGreenGateway();

        FluentActions.Invoking(() => app.MapBlueGreenGateway()).Should().Throw<InvalidOperationException>().WithMessage("UseBlueGreenConnectionClose was called already*");
    }

    [Fact]
    public void Add_Twice_SaysThatItIsThere()
    {
        var builder = Builder();
        builder.AddBlueGreenGateway();

        FluentActions.Invoking(() => builder.AddBlueGreenGateway()).Should().Throw<InvalidOperationException>().WithMessage("AddBlueGreen was called already*");
    }

    [Fact]
    public void AdminListener_BeforeAddBlueGreen_SaysTheOrder()
    {
        var proxy = Builder().Services.AddReverseProxy();

        FluentActions.Invoking(() => proxy.AddBlueGreenAdminListener()).Should().Throw<InvalidOperationException>().WithMessage("AddBlueGreenAdminListener has to be called after AddBlueGreen.");
        FluentActions.Invoking(() => proxy.AddBlueGreenListeners()).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => proxy.AddReleaseGate<OneGate>()).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Listeners_BeforeTheServer_SaysTheOrder()
    {
        var proxy = new ServiceCollection().AddReverseProxy().AddBlueGreen(new ConfigurationBuilder().Build());

        FluentActions.Invoking(() => proxy.AddBlueGreenListeners()).Should().Throw<InvalidOperationException>().WithMessage("*after the web server was added*");
    }

    [Fact]
    public async Task Guard_AfterThePolicies_SaysTheOrder()
    {
        var builder = Builder();
        builder.Services.AddReverseProxy().LoadFromMemory([], []).AddBlueGreen(builder.Configuration);
        await using var app = builder.Build();
        app.UseBlueGreenRoutePolicies();

        FluentActions.Invoking(() => app.UseBlueGreenRequestGuard()).Should().Throw<InvalidOperationException>()
            .WithMessage("UseBlueGreenRequestGuard has to be called before UseBlueGreenRoutePolicies.");
    }

    private WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["BlueGreen:State:Directory"] = _folder.Path;
        builder.Configuration["BlueGreen:Admin:Urls"] = "http://127.0.0.1:0";
        builder.Configuration["ReverseProxy:Routes:r:ClusterId"] = "c";
        builder.Configuration["ReverseProxy:Routes:r:Match:Path"] = "/r";
        builder.Configuration["ReverseProxy:Clusters:c:Destinations:d:Address"] = "http://127.0.0.1:1/";
        return builder;
    }

    private sealed class OneGate : IReleaseGate
    {
        public string Name => "same";

        public Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken) => Task.FromResult(ReleaseGateVerdict.Pass());
    }

    private sealed class AnotherGate : IReleaseGate
    {
        public string Name => "same";

        public Task<ReleaseGateVerdict> EvaluateAsync(ReleaseGateContext context, CancellationToken cancellationToken) => Task.FromResult(ReleaseGateVerdict.Pass());
    }
}

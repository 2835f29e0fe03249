using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>The committed state over a real folder, as a gateway has it from start to end.</summary>
internal sealed class OpenState : IDisposable
{
    private readonly FileStateStore _store;

    public OpenState(string folder, params string[] services)
    {
        var options = Support.Services.Options(services) with { State = new StateOptions { Directory = folder } };
        Options = options;
        Services = new ServiceCatalog(options);
        Tables = new RoutingTablePublisher(Services);
        Destinations = new SlotConfigProvider();
        _store = new FileStateStore(options, NullLogger<FileStateStore>.Instance);
        Audit = new AuditJournal(_store, NullLogger<AuditJournal>.Instance);
        History = new ReleaseHistory(_store, NullLogger<ReleaseHistory>.Instance);
        State = new CommittedState(_store, History, Audit, Services, Tables, Destinations, options, NullLogger<CommittedState>.Instance);
    }

    public BlueGreenOptions Options { get; }

    public ServiceCatalog Services { get; }

    public RoutingTablePublisher Tables { get; }

    public SlotConfigProvider Destinations { get; }

    public AuditJournal Audit { get; }

    public ReleaseHistory History { get; }

    public CommittedState State { get; }

    public Task CommitAsync(Func<GatewayState, GatewayState> change) =>
        State.CommitAsync(current => new Decision<bool>(change(current), true));

    public void Dispose()
    {
        State.Dispose();
        _store.Dispose();
    }
}

using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>The committed state over a real folder, as a gateway has it from start to end.</summary>
internal sealed class OpenState : IDisposable
{
    public OpenState(string folder, params string[] services)
        : this(folder, services, disk: null)
    {
    }

    public OpenState(
        string folder,
        string[] services,
        Disk? disk,
        ILogger<FileStateStore>? logger = null,
        TimeProvider? time = null,
        Func<BlueGreenOptions, BlueGreenOptions>? configure = null)
    {
        var options = Support.Services.Options(services);
        options = options with { State = options.State with { Directory = folder } };
        options = configure?.Invoke(options) ?? options;
        Options = options;
        Current = new CurrentOptions(options);
        Services = new ServiceCatalog(Current, time);
        Tables = new RoutingTablePublisher(Services, time);
        Destinations = new SlotConfigProvider();
        Store = new FileStateStore(options, logger ?? NullLogger<FileStateStore>.Instance, time, disk);
        try
        {
            State = new CommittedState(Store, Services, Current, NullLogger<CommittedState>.Instance, time);
        }
        catch
        {
            // As the end of the process would.
            Store.Dispose();
            throw;
        }

        Leaving = new LeavingLock(options, NullLogger<LeavingLock>.Instance);
        Subscriber = new TableSubscriber(State, Services, Tables, Destinations);
    }

    public BlueGreenOptions Options { get; }

    public CurrentOptions Current { get; }

    public ServiceCatalog Services { get; }

    public RoutingTablePublisher Tables { get; }

    public SlotConfigProvider Destinations { get; }

    public FileStateStore Store { get; }

    public CommittedState State { get; }

    public TableSubscriber Subscriber { get; }

    public LeavingLock Leaving { get; }

    public RecentRecords Records => State.Snapshot.Records;

    public Task CommitAsync(Func<GatewayState, GatewayState> change) =>
        State.CommitAsync(committed => new Decision<bool>(new StateChange(change(committed.State)), true));

    public Task ChangeAsync(Func<StateChange, StateChange> change) =>
        State.CommitAsync(committed => new Decision<bool>(change(committed.Change()), true));

    /// <summary>The runner with everything that it takes to run forced releases.</summary>
    public ReleaseParts Releases(TimeProvider time)
    {
        var call = new HookCall(time);
        var hooks = new PreSwitchHooks(Current, State, call, Services, time);
        var untilStored = new UntilStored(State, time, NullLogger<UntilStored>.Instance);
        var context = new ReleaseContext(State, Services, untilStored, time);
        var progresses = new ReleaseProgresses();
        var baselines = new BakeBaselines(Services, time);
        var monitors = new BakeMonitors(Services, baselines, time);
        var gates = new GateEvaluator(null!, null!, null!, null!, null!, new HostGates(null!, [], time, NullLogger<HostGates>.Instance));
        var end = new BakeEnd(context);
        var measurement = new SwitchMeasurement(context, baselines, progresses);
        var runner = new ReleaseRunner(
            context,
            progresses,
            monitors,
            new VerifyStep(context, gates, hooks, measurement, monitors, NullLogger<VerifyStep>.Instance),
            new ApprovalStep(context),
            new ShiftingStep(context, measurement, null!, new EvidenceStep(context, measurement, null!)),
            new RevertStep(context, Tables, NullLogger<RevertStep>.Instance),
            new HoldStep(context, new HoldSwitch(context, measurement, monitors, NullLogger<HoldSwitch>.Instance), Leaving, NullLogger<HoldStep>.Instance),
            new DrainStep(context, Tables, NullLogger<DrainStep>.Instance),
            new BakeStep(context, end),
            new ConfirmingStep(context),
            NullLogger<ReleaseRunner>.Instance);
        return new(context, progresses, baselines, monitors, untilStored, runner, new ReleaseEngine(State, context, progresses, measurement, null!, time), call);
    }

    /// <summary>Ends as a process does that is killed: what was written stays, nothing else is.</summary>
    public void Dispose()
    {
        State.Dispose();
        Store.Dispose();
    }
}

internal sealed record ReleaseParts(
    ReleaseContext Context,
    ReleaseProgresses Progresses,
    BakeBaselines Baselines,
    BakeMonitors Monitors,
    UntilStored UntilStored,
    ReleaseRunner Runner,
    ReleaseEngine Engine,
    HookCall Call);

using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>What the endpoints work with, as one object, so that the administration's own application can be given it.</summary>
internal sealed record AdminServices(
    BlueGreenOptions Options,
    ServiceCatalog Services,
    CommittedState State,
    HealthMonitor Health,
    GateEvaluator Gates,
    PreSwitchHooks Hooks,
    ReleaseEngine Releases,
    ReleaseRunner Runner,
    SlotDeployer Deployer,
    DestinationConnector Connector,
    AdminAccess Access,
    FailedAttempts FailedAttempts,
    RefusalAudit Refusals,
    GatewayReadiness Readiness,
    BackgroundLoops Loops,
    TimeProvider Time);

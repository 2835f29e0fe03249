using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One entry of <c>BlueGreen:Services</c>.</summary>
public sealed record ServiceOptions
{
    /// <summary>The service's name.</summary>
    public required string Name { get; init; }

    /// <summary>The id of the YARP cluster of the blue slot.</summary>
    public required string Blue { get; init; }

    /// <summary>The id of the YARP cluster of the green slot.</summary>
    public required string Green { get; init; }

    /// <summary>The slot that takes traffic until a state has been stored. Default blue.</summary>
    public SlotName InitialActive { get; init; } = SlotName.Blue;

    /// <summary>How the destinations are probed.</summary>
    public HealthOptions Health { get; init; } = new();

    /// <summary>How long the old slot may finish what it has begun. Default 5 minutes.</summary>
    public TimeSpan DrainTimeout { get; init; } = DefaultDrainTimeout;

    /// <summary>What happens to WebSockets and streams within that time.</summary>
    public LongLivedOptions LongLived { get; init; } = new();

    /// <summary>How the new slot is watched after the switch.</summary>
    public BakeOptions Bake { get; init; } = new();

    /// <summary>How much of the old slot the new one has to match.</summary>
    public CapacityOptions Capacity { get; init; } = new();

    /// <summary>What is requested of the new slot before the switch.</summary>
    public WarmUpOptions WarmUp { get; init; } = new();

    /// <summary>Files for errors of the gateway's own.</summary>
    public ErrorPageOptions ErrorPages { get; init; } = new();

    /// <summary>Who sees a preview of it without a token.</summary>
    public PreviewOptions Preview { get; init; } = new();

    /// <summary>How traffic is moved from slot to slot where it is not moved all at once.</summary>
    public TrafficOptions Traffic { get; init; } = new();

    /// <summary>The limits of an exclusive switch and of a hold by hand.</summary>
    public HoldOptions Hold { get; init; } = new();

    /// <summary>How long a release waits for its approval before it ends as aborted. Default 24 hours.</summary>
    public TimeSpan ApprovalTimeout { get; init; } = DefaultApprovalTimeout;

    /// <summary>How long after a successful bake the old slot may be taken down. Default 24 hours.</summary>
    public TimeSpan DecommissionAfter { get; init; } = DefaultDecommissionAfter;

    internal static TimeSpan DefaultDrainTimeout { get; } = TimeSpan.FromMinutes(5);

    internal static TimeSpan DefaultApprovalTimeout { get; } = TimeSpan.FromHours(24);

    internal static TimeSpan DefaultDecommissionAfter { get; } = TimeSpan.FromHours(24);

    /// <summary>The YARP cluster of a slot.</summary>
    public string ClusterOf(SlotName slot) => slot == SlotName.Blue ? Blue : Green;
}

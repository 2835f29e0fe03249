using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>One slot of a service, for as long as the process lives.</summary>
internal sealed class Slot(
    SlotName name, string clusterId, LongLivedOptions? longLived = null, TimeProvider? time = null, SlotMeter? meter = null)
{
    private LongLivedOptions _longLivedOptions = longLived ?? new();
    private DrainSignal _drain = new();
    private SlotExit? _exit;
    private string? _reportedVersion;
    private string? _declaredVersion;
    private string? _versionHeader;
    private bool _hasActivityTimeout;
    private HangWatch? _hangs;

    public SlotName Name { get; } = name;

    public string ClusterId { get; } = clusterId;

    public string EnvironmentHeader { get; } = name.ToText();

    public InFlightCounter InFlight { get; } = new();

    public LongLivedOptions LongLivedOptions
    {
        get => Volatile.Read(ref _longLivedOptions);
        set
        {
            Volatile.Write(ref _longLivedOptions, value);
            Ages.OldAfter(value.StreamAfter);
        }
    }

    /// <summary>Long-lived connections (WebSockets, streams) that can be closed gracefully.</summary>
    public LongLivedConnections LongLived { get; } = new();

    /// <summary>How the slot's previews are told to end.</summary>
    public SlotPreviews Previews { get; } = new(time ?? TimeProvider.System);

    /// <summary>How long the open responses have been going on.</summary>
    public ResponseAges Ages { get; } = new(time ?? TimeProvider.System, (longLived ?? new()).StreamAfter);

    /// <summary>Set while a bake looks for requests that hang; null otherwise.</summary>
    public HangWatch? Hangs
    {
        get => Volatile.Read(ref _hangs);
        set => Volatile.Write(ref _hangs, value);
    }

    /// <summary>Whether the configuration limits how long the slot's connections may be quiet; if not, WebSockets and streams have no limit.</summary>
    public bool HasActivityTimeout
    {
        get => Volatile.Read(ref _hasActivityTimeout);
        set => Volatile.Write(ref _hasActivityTimeout, value);
    }

    /// <summary>What serves clients; a response that has been going on for long counts as a stream.</summary>
    public WorkCounts Work
    {
        get
        {
            var old = Ages.CountOld();
            var counts = InFlight.Counts;

            // Two reads: a response that ends in between is no longer among the requests.
            old = Math.Min(old, counts.Requests);
            return counts with { Requests = counts.Requests - old, Streams = counts.Streams + old };
        }
    }

    /// <summary>Counts how the slot's responses end.</summary>
    public SlotMeter Meter { get; } = meter ?? new SlotMeter(name, FailureCodes.ErrorsOnly);

    public DrainSignal Drain => Volatile.Read(ref _drain);

    /// <summary>When the slot stopped being the active one; null if this process has not seen that.</summary>
    public SlotExit? Exit => Volatile.Read(ref _exit);

    /// <summary>What the slot's destinations report as their version, as long as they agree.</summary>
    public string? ReportedVersion
    {
        get => Volatile.Read(ref _reportedVersion);
        set
        {
            Volatile.Write(ref _reportedVersion, value);
            Volatile.Write(ref _versionHeader, HeaderOf(Version));
        }
    }

    /// <summary>The version that the last deployment declared.</summary>
    public string? DeclaredVersion
    {
        get => Volatile.Read(ref _declaredVersion);
        set
        {
            Volatile.Write(ref _declaredVersion, value);
            Volatile.Write(ref _versionHeader, HeaderOf(Version));
        }
    }

    /// <summary>The version as far as it is known: reported before declared.</summary>
    public string? Version => ReportedVersion ?? DeclaredVersion;

    /// <summary>The version for <c>X-API-Version</c>; null when it is not known, or when no header can hold it.</summary>
    public string? VersionHeader => Volatile.Read(ref _versionHeader);

    /// <summary>Call this before publishing a table that sends clients to the slot.</summary>
    /// <remarks>
    /// The signal is replaced here and not when it is raised: a request may have taken its lease before the switch and read the
    /// signal after the deadline, and has to find the raised one.
    /// </remarks>
    public void Reactivate()
    {
        if (Drain.IsRaised)
        {
            Volatile.Write(ref _drain, new DrainSignal());
        }
    }

    /// <summary>Call this right after a table was published that sends no client to the slot any more.</summary>
    public void NoteExit(long at) => Volatile.Write(ref _exit, new SlotExit(at, InFlight.Count, Drain));

    // Kestrel refuses anything else, and a report's version must not fail the requests.
    private static string? HeaderOf(string? version) =>
        version is not null && version.All(c => c is >= ' ' and <= '~') ? version : null;
}

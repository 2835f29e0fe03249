using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>A request's registration in the in-flight count of the slot that serves it.</summary>
/// <remarks>Only the request's own flow changes it, one step after the other, so changing its kind never races with its release.</remarks>
internal sealed class SlotLease : IDisposable
{
    private readonly PreviewRound? _round;
    private ResponseAges.Cohort? _cohort;
    private GracefulCloseReader? _longLived;
    private CancellationTokenSource? _call;
    private CancellationTokenRegistration _callDrain;
    private ResponseAges.Cohort? _unanswered;
    private HangWait? _waiting;
    private HangWait? _compared;

    public SlotLease(Slot slot, Purpose purpose = Purpose.Serve)
    {
        Slot = slot;
        Purpose = purpose;
        if (purpose == Purpose.Preview)
        {
            _round = slot.Previews.Current;
            slot.Previews.Count();
        }

        Drain = _round?.Ended ?? slot.Drain;
        DrainToken = Drain.Token;
    }

    public Slot Slot { get; }

    public Purpose Purpose { get; }

    /// <summary>Whether the response says something about the slot. Only what serves a client does.</summary>
    public bool IsMeasured => Purpose == Purpose.Serve;

    public WorkKind Kind { get; private set; }

    /// <summary>How the requests of the service were split when this one's slot was chosen; null where they were not.</summary>
    public TrafficSplit? Split { get; private set; }

    /// <summary>What the request was told apart by then.</summary>
    public ulong SplitKey { get; private set; }

    /// <summary>Whether it went to the slot to which traffic is shifted.</summary>
    public bool IsShifted => Split is { } split && Slot.Name == split.To;

    /// <summary>What stands for the request's route, or whatever else the service's requests are told apart by; see <see cref="StratumNames"/>.</summary>
    public byte Stratum { get; set; }

    /// <summary>Whether somebody counts how long the response takes to come.</summary>
    public bool AwaitsResponse => _waiting is not null;

    /// <summary>Where the request went; known only while it <see cref="AwaitsResponse"/>.</summary>
    public string? Destination { get; set; }

    /// <summary>Whether a copy of the request goes to the standby.</summary>
    public bool IsMirrored { get; set; }

    public bool IsGrpc => _call is not null;

    /// <summary>
    /// Taken with the lease. A request that is held up between the two finds either the signal of this drain, raised or to be raised,
    /// or, if the slot has become active again meanwhile, the new one; in each case the signal that applies to the request. Of a preview it is
    /// that of its round: see <see cref="SlotPreviews"/>.
    /// </summary>
    public DrainSignal Drain { get; }

    /// <summary>Ends the request at the drain's deadline.</summary>
    public CancellationToken DrainToken { get; }

    /// <summary>When the slot was chosen, by the monotonic clock.</summary>
    public long StartedAt { get; init; }

    /// <summary>When the API's response began, by the same clock; 0 before.</summary>
    public long BegunAt { get; set; }

    /// <summary>The client's number, once it is known; see <see cref="ClientNumbers"/>.</summary>
    public int? Client { get; private set; }

    /// <summary>Which headers the response gets; null until the first of them is written.</summary>
    public ResponseHeaderOptions? ResponseHeaders { get; set; }

    /// <summary>The version header that the gateway gave the response; null for none.</summary>
    public string? VersionHeader { get; set; }

    /// <summary>Ends the request: at the drain's deadline, or some time after the gateway has ended a gRPC call.</summary>
    public CancellationToken Token => _call?.Token ?? DrainToken;

    // Of a preview not the slot's: a drain's schedule is for those that it waits for.
    private LongLivedConnections LongLived => _round?.LongLived ?? Slot.LongLived;

    /// <summary>The slot was chosen while traffic was shifted. Called once, by who chooses.</summary>
    public void Follow(TrafficSplit? split, bool isNew, ulong key)
    {
        if (split is null)
        {
            return;
        }

        (Split, SplitKey) = (split, key);
        _compared = split.Watch.HangsOf(isNew)?.Enter(this, (int)key);
        if (isNew)
        {
            _unanswered = split.Watch.Go(StartedAt);
        }
        else
        {
            split.Watch.Stay();
        }
    }

    /// <summary>The request waits for its response, while a bake looks for those that hang.</summary>
    /// <param name="hangs">Who counts.</param>
    /// <param name="client">The client's number.</param>
    public void AwaitResponse(HangWatch hangs, int client)
    {
        Client = client;
        _waiting = hangs.Enter(this, client);
    }

    /// <summary>The API's response headers have come: what follows them, a stream too, may take as long as it wants.</summary>
    /// <param name="at">The monotonic time.</param>
    /// <param name="waited">The time since the choice of the slot.</param>
    public void Answer(long at, TimeSpan waited)
    {
        BegunAt = at;
        Answer();
        Take(ref _waiting)?.Answer(waited);
        Take(ref _compared)?.Answer(waited);
    }

    /// <summary>There will be no response from the API.</summary>
    /// <param name="fault">Whose fault that is.</param>
    /// <param name="waited">The time since the choice of the slot.</param>
    public void EndWait(Fault fault, TimeSpan waited)
    {
        Take(ref _waiting)?.End(fault, waited);
        Take(ref _compared)?.End(fault, waited);
    }

    /// <summary>Counts the request as another kind of work from now on.</summary>
    public void ReclassifyAs(WorkKind kind)
    {
        if (kind != Kind)
        {
            Slot.InFlight.Move(Purpose, Kind, kind);
            Kind = kind;

            // Only ordinary responses have an age; an upgrade begins as one, with the response that accepts it.
            _cohort?.Add(-1);
            _cohort = null;
        }
    }

    /// <summary>The request is a gRPC call: streams in both directions, of which either may be open for long.</summary>
    public void BeginGrpcCall(TimeProvider time)
    {
        ReclassifyAs(WorkKind.Stream);
        _call = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _callDrain = DrainToken.UnsafeRegister(static call => ((CancellationTokenSource)call!).Cancel(), _call);
    }

    /// <summary>The gateway has ended the response; the client has this long to end its half of the call.</summary>
    public void EndGrpcCallWithin(TimeSpan time)
    {
        IsEndedByGateway = true;
        _call?.CancelAfter(time);
    }

    /// <summary>Whether the gateway has ended a gRPC call: its status is the gateway's.</summary>
    public bool IsEndedByGateway { get; private set; }

    /// <summary>The WebSocket that the request has become; null for none.</summary>
    public GracefulCloseWebSocket? WebSocket { get; private set; }

    /// <summary>The request has become a WebSocket, which a drain can close gracefully.</summary>
    public void BecomeWebSocket(GracefulCloseWebSocket socket)
    {
        ReclassifyAs(WorkKind.Upgrade);
        RegisterLongLived(socket.Reader);
        WebSocket = socket;
    }

    /// <summary>The response has begun; one that goes on for long counts as a stream.</summary>
    public void BeginResponse()
    {
        Answer();
        if (Kind == WorkKind.Request && Purpose == Purpose.Serve)
        {
            _cohort ??= Slot.Ages.Enter(BegunAt);
        }
    }

    /// <summary>From now on a drain can close the connection gracefully.</summary>
    public void RegisterLongLived(GracefulCloseReader reader)
    {
        _longLived = reader;
        LongLived.Add(reader);
    }

    public void Dispose()
    {
        Answer();
        Take(ref _waiting)?.Abandon();
        Take(ref _compared)?.Abandon();

        _cohort?.Add(-1);
        if (_longLived is not null)
        {
            LongLived.Remove(_longLived);
        }

        _callDrain.Dispose();
        _call?.Dispose();
        Slot.InFlight.Decrement(Purpose, Kind);
    }

    private static HangWait? Take(ref HangWait? wait)
    {
        var taken = wait;
        wait = null;
        return taken;
    }

    private void Answer()
    {
        if (_unanswered is not null)
        {
            Split!.Watch.Leave(_unanswered);
            _unanswered = null;
        }
    }
}

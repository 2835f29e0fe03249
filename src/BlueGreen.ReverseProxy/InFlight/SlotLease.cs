using BlueGreen.ReverseProxy.Routing;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>A request's registration in the in-flight count of the slot that serves it; a feature of the request.</summary>
/// <remarks>Only the request's own flow changes it, one step after the other; so there is no race between turning into another kind and the release.</remarks>
internal sealed class SlotLease(Slot slot, HttpResponse response) : IDisposable
{
    private ResponseAges.Cohort? _cohort;
    private DepartingReader? _longLived;
    private CancellationTokenSource? _call;
    private CancellationTokenRegistration _callDrain;

    public Slot Slot { get; } = slot;

    public HttpResponse Response { get; } = response;

    public WorkKind Kind { get; private set; }

    public bool IsGrpc => _call is not null;

    /// <summary>
    /// Taken when the lease is. A request that is held up between the two finds either the signal of this drain, raised or to be
    /// raised, or, if the slot has become active again meanwhile, the new one; in each case the one that speaks for its slot.
    /// </summary>
    public DrainSignal Drain { get; } = slot.Drain;

    /// <summary>When the lease was taken, by the monotonic clock; set by whoever measures.</summary>
    public long StartedAt { get; set; }

    /// <summary>When the API's response began, by the same clock; 0 before.</summary>
    public long BegunAt { get; set; }

    /// <summary>The version that the response was given; null for none.</summary>
    public string? VersionHeader { get; set; }

    /// <summary>Ends the request: at the drain's deadline, and a call that the gateway has ended.</summary>
    public CancellationToken Token => _call?.Token ?? Drain.Token;

    public void Become(WorkKind kind)
    {
        if (kind != Kind)
        {
            Slot.InFlight.Move(Kind, kind);
            Kind = kind;

            // The ages are those of ordinary responses; an upgrade begins as one, with the response that accepts it.
            _cohort?.Add(-1);
            _cohort = null;
        }
    }

    /// <summary>The request is a gRPC call: streams in both directions, of which either may be open for long.</summary>
    public void BecomeGrpc(TimeProvider time)
    {
        Become(WorkKind.Stream);
        _call = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _callDrain = Drain.Token.UnsafeRegister(static call => ((CancellationTokenSource)call!).Cancel(), _call);
    }

    /// <summary>The response has been ended; the client has this long to end its half of the call.</summary>
    public void EndWithin(TimeSpan time) => _call?.CancelAfter(time);

    /// <summary>The response has begun; one that goes on for long counts as a stream.</summary>
    public void BeginResponse()
    {
        if (Kind == WorkKind.Request)
        {
            _cohort ??= Slot.Ages.Enter(BegunAt);
        }
    }

    /// <summary>From now on the work can be asked to leave.</summary>
    public void Offer(DepartingReader reader)
    {
        _longLived = reader;
        Slot.LongLived.Add(reader);
    }

    public void Dispose()
    {
        _cohort?.Add(-1);
        if (_longLived is not null)
        {
            Slot.LongLived.Remove(_longLived);
        }

        _callDrain.Dispose();
        _call?.Dispose();
        Slot.InFlight.Decrement(Kind);
    }
}

using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Tells a slot's meter how each of its responses ended.</summary>
/// <remarks>
/// The latency is the time from the choice of the slot to the API's response headers, for every response alike: how long a body
/// takes depends on how fast the client reads, and how long a stream lasts says nothing about the API. The status is taken at the
/// response's end, so that a destination that breaks off in the middle is seen.
/// </remarks>
internal sealed class ResponseMeasurement
{
    private readonly TimeProvider _time;
    private readonly bool _isOn;
    private readonly NetworkSet _trustedProxies = NetworkSet.None;

    public ResponseMeasurement(TimeProvider time, NetworkSet trustedProxies)
        : this(time, isOn: true)
    {
        _trustedProxies = trustedProxies;
    }

    public ResponseMeasurement(TimeProvider time)
        : this(time, NetworkSet.None)
    {
    }

    /// <summary>Makes one that may be off, to find out what it costs.</summary>
    public ResponseMeasurement(TimeProvider time, bool isOn)
    {
        _time = time;
        _isOn = isOn;
    }

    public void Begin(SlotLease lease)
    {
        if (_isOn && lease.IsMeasured)
        {
            lease.StartedAt = _time.GetTimestamp();
        }
    }

    /// <summary>To be called when the response has ended. A request that ends by an exception is not measured: it says nothing of the API.</summary>
    public void End(HttpContext context, SlotLease lease, ForwarderError error)
    {
        if (!_isOn || !lease.IsMeasured)
        {
            return;
        }

        var begun = lease.BegunAt != 0;
        var elapsed = _time.GetElapsedTime(lease.StartedAt, begun ? lease.BegunAt : _time.GetTimestamp());
        var status = context.Response.StatusCode;
        lease.Slot.Meter.Add(new ResponseOutcome(
            status,
            FaultOf(error, lease),
            (long)elapsed.TotalMicroseconds,
            begun,
            status == StatusCodes.Status101SwitchingProtocols || (status == StatusCodes.Status200OK && HttpMethods.IsConnect(context.Request.Method)),
            ClientAddress.Of(context, _trustedProxies)?.GetHashCode() ?? 0));
    }

    private static Fault FaultOf(ForwarderError error, SlotLease lease) => error switch
    {
        ForwarderError.None => Fault.None,

        // None of the cancellations is the API's.
        _ when error.IsCancellation() => lease.Drain.IsRaised ? Fault.Gateway : Fault.Client,
        _ when error.IsOfClient() => Fault.Client,
        ForwarderError.RequestCreation => Fault.Gateway,
        _ => Fault.Destination,
    };
}

using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Tells a slot's meter how each of its responses ended.</summary>
/// <remarks>
/// The latency is the time from the choice of the slot to the API's response headers, for every response alike: how long a body
/// takes depends on how fast the client reads, and how long a stream lasts says nothing about the API. The status is taken at the
/// response's end, so that a destination that breaks off in the middle is seen.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="trustedProxies">The proxies whose word about the client's address counts.</param>
/// <param name="clients">What stands for their addresses; null for numbers of its own.</param>
/// <param name="isOn">False to compare the gateway with one that does not measure.</param>
internal sealed class ResponseMeasurement(TimeProvider time, NetworkSet trustedProxies, ClientNumbers? clients = null, bool isOn = true)
{
    private readonly ClientNumbers _clients = clients ?? new();

    /// <summary>Call this when the slot was chosen: while a bake looks for requests that hang, the request begins to wait.</summary>
    public void Begin(HttpContext context, SlotLease lease)
    {
        if (isOn && lease is { IsMeasured: true, Slot.Hangs: { } hangs })
        {
            lease.AwaitResponse(hangs, NumberOf(context));
        }
    }

    /// <summary>Call this when the response has ended. A request that ends by an exception is not measured: it says nothing of the API.</summary>
    public void End(HttpContext context, SlotLease lease, ForwarderError error)
    {
        if (!isOn || !lease.IsMeasured)
        {
            return;
        }

        var begun = lease.BegunAt != 0;
        var elapsed = time.GetElapsedTime(lease.StartedAt, begun ? lease.BegunAt : time.GetTimestamp());
        var status = context.Response.StatusCode;
        var grpc = lease.IsGrpc && begun ? GrpcStatus.Of(context, lease, error) : null;
        var outcome = new ResponseOutcome(
            status,
            FaultOf(error, lease, isAnswered: begun && (grpc is not null || !lease.IsGrpc)),
            (long)elapsed.TotalMicroseconds,
            begun,
            status == StatusCodes.Status101SwitchingProtocols || (status == StatusCodes.Status200OK && HttpMethods.IsConnect(context.Request.Method)),
            lease.Client ?? NumberOf(context))
        {
            GrpcStatus = grpc,
            Stratum = lease.Stratum,
            Destination = context.Features.Get<IReverseProxyFeature>()?.ProxiedDestination?.DestinationId,
            WebSocket = lease.WebSocket is { } socket ? EndingOf(socket, error, lease) : WebSocketEnding.NotJudged,
        };
        lease.EndWait(outcome.Fault, elapsed);
        lease.Slot.Meter.Add(outcome);
        if (lease.Split is { } split && outcome.IsTrial)
        {
            split.Watch.Add(lease.IsShifted, split.Weight, lease.SplitKey, lease.Slot.Meter.IsBad(outcome, split.Watch.Metric), outcome.IsLatency ? outcome.Microseconds : null, outcome.Stratum);
        }
    }

    // A connection that ends without a close frame is the API's only if it ended at the API's end: a client that goes away, a drain and a
    // limit of idle time are not.
    private static WebSocketEnding EndingOf(GracefulCloseWebSocket socket, ForwarderError error, SlotLease lease) => socket.Ending switch
    {
        SocketEnding.ByGateway => WebSocketEnding.NotJudged,
        SocketEnding.ByClient or SocketEnding.ByApi => WebSocketEnding.Good,
        SocketEnding.ByFailedApi => WebSocketEnding.Broken,
        _ when lease.Drain.IsRaised => WebSocketEnding.NotJudged,
        _ when error is ForwarderError.None or ForwarderError.UpgradeRequestDestination or ForwarderError.UpgradeResponseDestination => WebSocketEnding.Broken,
        _ when error.IsOfClient() => WebSocketEnding.Good,
        _ => WebSocketEnding.NotJudged,
    };

    private int NumberOf(HttpContext context) => _clients.Of(ClientAddress.Of(context, trustedProxies));

    private static Fault FaultOf(ForwarderError error, SlotLease lease, bool isAnswered) => error switch
    {
        ForwarderError.None => Fault.None,

        // An API may answer without having read the whole request, and that is what YARP reports then: the answer has come, and is
        // complete. A gRPC call is answered with its status, and with nothing else.
        ForwarderError.RequestBodyDestination when isAnswered => Fault.None,

        // None of the cancellations is the API's.
        _ when error.IsCancellation() => lease.Drain.IsRaised ? Fault.Gateway : Fault.Client,
        _ when error.IsOfClient() => Fault.Client,
        ForwarderError.RequestCreation => Fault.Gateway,
        _ => Fault.Destination,
    };
}

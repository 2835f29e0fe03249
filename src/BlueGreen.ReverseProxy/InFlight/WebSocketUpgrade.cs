using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>
/// Stands in for the server's upgrade features, so that the proxy gets a connection that can be closed as the protocol has it. Only
/// when the handshake has succeeded does the request count as an upgrade; one that the API refuses stays a request.
/// </summary>
internal sealed class WebSocketUpgrade : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    private const string WebSocket = "websocket";

    private readonly IHttpUpgradeFeature? _upgrade;
    private readonly IHttpExtendedConnectFeature? _connect;
    private readonly SlotLease _lease;
    private readonly TimeProvider _time;

    private WebSocketUpgrade(IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect, SlotLease lease, TimeProvider time)
    {
        _upgrade = upgrade;
        _connect = connect;
        _lease = lease;
        _time = time;
    }

    public bool IsUpgradableRequest => _upgrade?.IsUpgradableRequest ?? false;

    public bool IsExtendedConnect => _connect?.IsExtendedConnect ?? false;

    public string? Protocol => _connect?.Protocol;

    /// <summary>Puts itself before the features of a request that asks for a WebSocket: HTTP/1.1 upgrade or HTTP/2 extended CONNECT.</summary>
    /// <returns>Whether the request asks for one.</returns>
    public static bool TryAttach(HttpContext context, SlotLease lease, TimeProvider time)
    {
        var request = context.Request;
        if (request.Headers.Upgrade.Count > 0)
        {
            var upgrade = context.Features.Get<IHttpUpgradeFeature>();
            if (upgrade is not { IsUpgradableRequest: true } || !IsWebSocket(request.Headers.Upgrade.ToString()))
            {
                return false;
            }

            context.Features.Set<IHttpUpgradeFeature>(new WebSocketUpgrade(upgrade, connect: null, lease, time));
            return true;
        }

        if (!HttpMethods.IsConnect(request.Method))
        {
            return false;
        }

        var connect = context.Features.Get<IHttpExtendedConnectFeature>();
        if (connect is not { IsExtendedConnect: true } || !IsWebSocket(connect.Protocol))
        {
            return false;
        }

        context.Features.Set<IHttpExtendedConnectFeature>(new WebSocketUpgrade(upgrade: null, connect, lease, time));
        return true;
    }

    public async Task<Stream> UpgradeAsync() => Leased(await _upgrade!.UpgradeAsync());

    public async ValueTask<Stream> AcceptAsync() => Leased(await _connect!.AcceptAsync());

    private DepartingWebSocket Leased(Stream client)
    {
        var socket = new DepartingWebSocket(client, _lease.Slot.LongLivedOptions.CloseCode, _time, _lease.Drain.Token);
        _lease.Become(WorkKind.Upgrade);
        _lease.Offer(socket.Reader);
        return socket;
    }

    private static bool IsWebSocket(string? protocol) => string.Equals(protocol, WebSocket, StringComparison.OrdinalIgnoreCase);
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BlueGreen.ReverseProxy.LongLived;

/// <summary>
/// Replaces the server's upgrade features, so that the proxy gets a connection that can be closed with a closing handshake. The
/// connection is wrapped only when the handshake has succeeded: an upgrade that the API refuses stays a request.
/// </summary>
internal sealed class WebSocketUpgrade : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    private const string WebSocket = "websocket";

    private readonly IHttpUpgradeFeature? _upgrade;
    private readonly IHttpExtendedConnectFeature? _connect;
    private readonly Func<Stream, GracefulCloseWebSocket> _wrap;

    private WebSocketUpgrade(IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect, Func<Stream, GracefulCloseWebSocket> wrap)
    {
        _upgrade = upgrade;
        _connect = connect;
        _wrap = wrap;
    }

    public bool IsUpgradableRequest => _upgrade?.IsUpgradableRequest ?? false;

    public bool IsExtendedConnect => _connect?.IsExtendedConnect ?? false;

    public string? Protocol => _connect?.Protocol;

    /// <summary>Whether the request asks for a WebSocket, by an HTTP/1.1 upgrade or an HTTP/2 extended CONNECT.</summary>
    public static bool IsRequested(HttpContext context)
    {
        var request = context.Request;
        return request.Headers.Upgrade.Count > 0
            ? context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } && IsWebSocket(request.Headers.Upgrade.ToString())
            : HttpMethods.IsConnect(request.Method)
                && context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect
                && IsWebSocket(connect.Protocol);
    }

    /// <summary>Replaces the upgrade feature of a request that asks for a WebSocket.</summary>
    /// <param name="context">The request, for which <see cref="IsRequested"/> is true.</param>
    /// <param name="wrap">Wraps the connection to the client once it is upgraded.</param>
    public static void Attach(HttpContext context, Func<Stream, GracefulCloseWebSocket> wrap)
    {
        if (context.Request.Headers.Upgrade.Count > 0)
        {
            context.Features.Set<IHttpUpgradeFeature>(new WebSocketUpgrade(context.Features.GetRequiredFeature<IHttpUpgradeFeature>(), connect: null, wrap));
        }
        else
        {
            context.Features.Set<IHttpExtendedConnectFeature>(new WebSocketUpgrade(upgrade: null, context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>(), wrap));
        }
    }

    public async Task<Stream> UpgradeAsync() => _wrap(await _upgrade!.UpgradeAsync());

    public async ValueTask<Stream> AcceptAsync() => _wrap(await _connect!.AcceptAsync());

    private static bool IsWebSocket(string? protocol) => string.Equals(protocol, WebSocket, StringComparison.OrdinalIgnoreCase);
}

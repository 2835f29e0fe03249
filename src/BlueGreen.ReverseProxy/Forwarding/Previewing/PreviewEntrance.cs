using System.Runtime.InteropServices;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>What becomes of a request that may be for a preview: it sees one, it has its answer already, or it is for everybody's slot.</summary>
/// <param name="Preview">The slot that it sees.</param>
/// <param name="Answered">The answer that is being sent.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PreviewDecision(PreviewSlot? Preview, Task? Answered)
{
    public static PreviewDecision Of(PreviewSlot slot) => new(slot, null);

    public static PreviewDecision Is(Task answered) => new(null, answered);
}

/// <summary>Lets requests into previews, by token, link or host. Whoever asks for a preview and may not see it is refused, and never served by the active slot instead.</summary>
internal sealed partial class PreviewEntrance(
    PreviewKeys keys, PreviewRefusals refusals, ForwardingOptions forwarding, ErrorAnswers errors, TimeProvider time, ILogger<PreviewEntrance> logger)
{
    /// <summary>Decides about a request for a service.</summary>
    /// <param name="context">The request.</param>
    /// <param name="service">The service.</param>
    /// <param name="asked">What it has presented; null for nothing, where only the host may open a preview.</param>
    public PreviewDecision Decide(HttpContext context, Service service, PreviewRequest? asked)
    {
        if (asked?.Link is { } link)
        {
            return PreviewDecision.Is(FollowAsync(context, service, link));
        }

        if (asked?.Token is { } token)
        {
            var fault = keys.Current.Verify(token, service.Name, time.GetUtcNow(), out var claims);
            return fault == PreviewFault.None ? PreviewDecision.Of(claims.Slot) : Refuse(context, service, fault, asked.IsCookie);
        }

        if (PreviewHosts.Find(service.PreviewHosts, context.Request.Host) is not { } host)
        {
            return default;
        }

        return host.Anyone || host.Networks.Contains(ClientAddress.Of(context, forwarding.TrustedProxies))
            ? PreviewDecision.Of(host.Slot)
            : Refuse(context, service, PreviewFault.Address, isCookie: false);
    }

    private Task FollowAsync(HttpContext context, Service service, string link)
    {
        var request = context.Request;
        var isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (link == PreviewLink.Off)
        {
            return isRead ? Redirect(context, PreviewCookie.Remove(GatewayCookies.IsSecure(request))) : Refuse(context, service, PreviewFault.Link, isCookie: false).Answered!;
        }

        var now = time.GetUtcNow();
        var fault = keys.Current.Verify(link, service.Name, now, out var claims);
        if (fault != PreviewFault.None)
        {
            return Refuse(context, service, fault, isCookie: false).Answered!;
        }

        return isRead ? PreviewPage.WriteAsync(context, claims)
            : HttpMethods.IsPost(request.Method) && PreviewForm.IsFromThePage(request) ? EnterAsync(context, service, link, DateTimeOffset.FromUnixTimeSeconds(claims.ExpiresAt) - now)
            : Refuse(context, service, PreviewFault.Link, isCookie: false).Answered!;
    }

    private async Task EnterAsync(HttpContext context, Service service, string token, TimeSpan lifetime)
    {
        await (await PreviewForm.IsConfirmedAsync(context.Request) switch
        {
            true => Redirect(context, PreviewCookie.Set(token, lifetime, GatewayCookies.IsSecure(context.Request))),
            false => errors.WriteAsync(context, StatusCodes.Status413PayloadTooLarge),
            null => Refuse(context, service, PreviewFault.Link, isCookie: false).Answered!,
        });
    }

    private static Task Redirect(HttpContext context, string cookie)
    {
        PreviewPage.SetHeaders(context.Response);
        context.Response.Headers.SetCookie = cookie;
        context.Response.Headers.Location = PreviewLink.CleanTarget(context);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        return Task.CompletedTask;
    }

    private PreviewDecision Refuse(HttpContext context, Service service, PreviewFault fault, bool isCookie)
    {
        var client = ClientAddress.Of(context, forwarding.TrustedProxies);
        LogRefused(logger, service.Name, fault.ToText(), client?.ToString() ?? "unknown");
        refusals.Note(new PreviewRefusal(service, fault, client));
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return PreviewDecision.Is(errors.RefusePreviewAsync(
            context, fault.ToText(), isCookie ? $"{Why(fault)} To leave the preview, open this address with ?{PreviewCookie.Name}={PreviewLink.Off}." : Why(fault)));
    }

    private static string Why(PreviewFault fault) => fault switch
    {
        PreviewFault.Malformed => "This is not a preview token.",
        PreviewFault.UnknownKey => "The key of this preview token is no longer in use.",
        PreviewFault.Forged => "This preview token was not issued by the gateway.",
        PreviewFault.OtherService => "This preview token is for another service.",
        PreviewFault.Expired => "This preview token has expired.",
        PreviewFault.Revoked => "This preview token was revoked.",
        PreviewFault.Address => "This host shows a preview, and not to your address.",
        _ => $"The link of a preview is opened in a browser. For other requests there is the header {GatewayFields.Preview}.",
    };

    // What a client says of its scheme the guard has removed; what is there is of trusted proxies, the one at the client first.
    [LoggerMessage(1121, LogLevel.Warning, "A preview of service {Service} was refused ({Fault}) to {Client}.")]
    private static partial void LogRefused(ILogger logger, string service, string fault, string client);
}

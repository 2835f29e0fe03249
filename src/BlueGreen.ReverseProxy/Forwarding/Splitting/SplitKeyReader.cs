using System.Net;
using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots.Splitting;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding.Splitting;

/// <summary>Reads what tells a request apart while traffic is shifted, and has clients keep their side by a cookie.</summary>
/// <param name="trustedProxies">The proxies whose word about the client's address counts.</param>
internal sealed class SplitKeyReader(NetworkSet trustedProxies)
{
    private const int LongestAddress = 64;

    /// <summary>Reads it.</summary>
    public SplitKey Read(HttpContext context, SplitKeying keying)
    {
        var hasSessions = HasSessions(context);
        var cookie = hasSessions || keying.Kind == TrafficKeyKind.Cookie ? ShiftCookie.Read(context, keying.Release) : null;
        var hash = keying.Kind switch
        {
            TrafficKeyKind.Request => (ulong)Random.Shared.NextInt64(),
            // Not by the address of one that has sent none: behind a NAT all that are new would go to one side.
            TrafficKeyKind.Cookie => keying.Hash(cookie?.Id ?? ShiftCookie.IdFor(context)),
            TrafficKeyKind.Header when context.Request.Headers[keying.Header!] is [{ Length: > 0 } value, ..] => keying.Hash(value),
            _ => HashOfAddress(context, keying),
        };
        return cookie switch
        {
            { IsNew: true } => new SplitKey(hash, IsNew: true),

            // A session lives on a destination of its slot, and so the client stays there as long as the slot serves.
            { IsNew: false } when hasSessions => new SplitKey(hash, IsNew: false),
            _ => new SplitKey(hash),
        };
    }

    /// <summary>Has the client keep its side, where that is not decided by what it sends anyway.</summary>
    /// <param name="context">The request, whose response has not begun.</param>
    /// <param name="split">By what it was decided.</param>
    /// <param name="isNew">Whether the request goes to the new slot.</param>
    public static void Keep(HttpContext context, TrafficSplit split, bool isNew)
    {
        var isByCookie = split.Keying.Kind == TrafficKeyKind.Cookie;
        if (!isByCookie && !HasSessions(context))
        {
            return;
        }

        var sent = ShiftCookie.Read(context, split.Keying.Release);
        if (sent?.IsNew == isNew)
        {
            return;
        }

        var id = sent?.Id ?? ShiftCookie.IdFor(context);
        var cookie = ShiftCookie.Set(split.Keying.Release, isNew, id, GatewayCookies.IsSecure(context.Request));
        context.Response.OnStarting(
            static state =>
            {
                var (response, cookie) = ((HttpResponse, string))state;
                response.Headers.Append("Set-Cookie", cookie);
                return Task.CompletedTask;
            },
            (context.Response, cookie));
    }

    private static bool HasSessions(HttpContext context) => context.GetRouteModel().Cluster?.Model.Config.SessionAffinity is { Enabled: true };

    // As text, as everybody writes it, so that the hash can be computed anywhere; an IPv4 address is the same one over either family.
    private ulong HashOfAddress(HttpContext context, SplitKeying keying)
    {
        if (ClientAddress.Of(context, trustedProxies) is not { } address)
        {
            return keying.Hash("");
        }

        Span<char> text = stackalloc char[LongestAddress];
        address = address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return address.TryFormat(text, out var length) ? keying.Hash(text[..length]) : keying.Hash(address.ToString());
    }
}

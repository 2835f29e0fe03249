using System.Globalization;
using System.Security.Cryptography;
using BlueGreen.ReverseProxy.Slots.Splitting;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding.Splitting;

/// <summary>The cookie by which a client stays where it is while a release shifts traffic. One per release, so that an older one counts for nothing.</summary>
/// <remarks>
/// Its value is <c>new.ID</c> for a client that has seen the new version, and <c>old.ID</c> for the others. It is no secret and not signed:
/// both versions are there for everybody, and a client that makes up a value only chooses for itself.
/// </remarks>
internal static class ShiftCookie
{
    public const string Prefix = "bluegreen-shift.";

    private const string New = "new.";
    private const string Old = "old.";

    // A shift lasts at most so long.
    private const int SecondsToLive = 7 * 24 * 3600;
    private const int IdBytes = 8;
    private const int MostDraws = 20 * TrafficSplit.Whole;
    private const int PrefixLength = 4;
    private const int MostOfValue = 64;

    /// <summary>Keeps what was sent until a route asks for it.</summary>
    public static void Keep(HttpContext context, List<(string Name, string Value)> cookies)
    {
        if (cookies.Exists(cookie => cookie.Name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            context.Features.Set(new SentShiftCookies(cookies));
        }
    }

    /// <summary>What the client has sent for a release.</summary>
    /// <returns>The side that the client is on and its id; null without a cookie, or with one that the gateway has not written.</returns>
    public static (bool IsNew, string Id)? Read(HttpContext context, string release)
    {
        if (context.Features.Get<SentShiftCookies>() is not { } sent)
        {
            return null;
        }

        (bool IsNew, string Id)? found = null;
        foreach (var (name, value) in sent.Cookies)
        {
            if (name.Length != Prefix.Length + release.Length || !name.EndsWith(release, StringComparison.Ordinal))
            {
                continue;
            }

            if (value.Length is <= PrefixLength or > MostOfValue)
            {
                continue;
            }

            // Of several, as two requests at once may leave behind, the new version goes first: who has seen it is not sent back.
            if (value.StartsWith(New, StringComparison.Ordinal))
            {
                return (true, value[PrefixLength..]);
            }

            if (value.StartsWith(Old, StringComparison.Ordinal))
            {
                found ??= (false, value[PrefixLength..]);
            }
        }

        return found;
    }

    /// <summary>The <c>Set-Cookie</c>.</summary>
    /// <param name="release">The release that shifts.</param>
    /// <param name="isNew">The side that the client is on.</param>
    /// <param name="id">The client's id.</param>
    /// <param name="isSecure">Whether the client has come by https.</param>
    public static string Set(string release, bool isNew, string id, bool isSecure)
    {
        return string.Create(
            CultureInfo.InvariantCulture, $"{Prefix}{release}={(isNew ? New : Old)}{id}; Max-Age={SecondsToLive}; Path=/; HttpOnly; SameSite=Lax{(isSecure ? "; Secure" : "")}");
    }

    /// <summary>Makes an id for a client that has none, on the side on which it is.</summary>
    /// <remarks>
    /// The first request is decided by the client's address. Ids are drawn until one is decided in the same way, so that the client's side is
    /// from then on a function of its id, and stays what it was. At a weight of one in 10,000 that takes 10,000 draws for one request in 10,000.
    /// </remarks>
    public static string MakeId(TrafficSplit split, bool isNew)
    {
        Span<byte> bytes = stackalloc byte[IdBytes];
        for (var draw = 0; draw < MostDraws; draw++)
        {
            RandomNumberGenerator.Fill(bytes);
            var id = Convert.ToHexStringLower(bytes);
            if (split.Takes(new SplitKey(split.Keying.Hash(id))) == isNew)
            {
                return id;
            }
        }

        // The client is held by the side that its cookie names, if not by its id.
        return Convert.ToHexStringLower(bytes);
    }

    private sealed record SentShiftCookies(List<(string Name, string Value)> Cookies);
}

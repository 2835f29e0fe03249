using System.Globalization;
using System.Security.Cryptography;
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

    /// <summary>The id of a client that has sent none: drawn with its first look, and kept for the cookie that it gets.</summary>
    public static string IdFor(HttpContext context)
    {
        if (context.Features.Get<DrawnId>() is not { } drawn)
        {
            drawn = new DrawnId(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)));
            context.Features.Set(drawn);
        }

        return drawn.Id;
    }

    private sealed record DrawnId(string Id);

    private sealed record SentShiftCookies(List<(string Name, string Value)> Cookies);
}

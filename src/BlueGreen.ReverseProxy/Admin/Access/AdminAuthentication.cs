using System.Security.Cryptography;
using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>The role that an endpoint asks for; endpoints without one need no token.</summary>
internal sealed record RequiredRole(AdminRole Role);

/// <summary>Who calls, and whether they may.</summary>
internal static class AdminAuthentication
{
    private const string Scheme = "Bearer ";
    private const string Anonymous = "anonymous";

    /// <summary>Lets the caller through, or gives the problem to answer with.</summary>
    public static IResult? Refuse(HttpContext context, AdminOptions options, AdminRole required)
    {
        if (IsForeignOrigin(context.Request))
        {
            return Problems.Of(ProblemCodes.Forbidden, "The request comes from a page of another origin. The admin API is not for browsers' pages.");
        }

        var client = context.Connection.RemoteIpAddress?.ToString();
        if (options.Tokens.IsEmpty)
        {
            context.Features.Set(new Caller(Anonymous, client));
            return null;
        }

        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || Find(options, header[Scheme.Length..].Trim()) is not { } token)
        {
            context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
            return Problems.Of(ProblemCodes.Unauthorized, header.Length == 0 ? "Send Authorization: Bearer <token>." : "The token is not known.");
        }

        if (token.Role < required)
        {
            return Problems.Of(
                ProblemCodes.Forbidden,
                $"Token {token.Name} has the role {NameOf(token.Role)}; this call needs {NameOf(required)}.");
        }

        context.Features.Set(new Caller(token.Name, client));
        return null;
    }

    public static Caller CallerOf(HttpContext context) => context.Features.Get<Caller>()
        ?? throw new InvalidOperationException("The endpoint asks for no role, so it has no caller.");

    // Hashes of equal length, compared in constant time, all of them: the time says nothing about which one is near.
    private static AdminToken? Find(AdminOptions options, string token)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        AdminToken? found = null;
        foreach (var candidate in options.Tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, candidate.Sha256.AsSpan()))
            {
                found = candidate;
            }
        }

        return found;
    }

    // A page that a developer has open must not be able to move traffic by a form post to localhost.
    private static bool IsForeignOrigin(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    private static string NameOf(AdminRole role) => role switch
    {
        AdminRole.Viewer => "viewer",
        AdminRole.Operator => "operator",
        _ => "admin",
    };
}

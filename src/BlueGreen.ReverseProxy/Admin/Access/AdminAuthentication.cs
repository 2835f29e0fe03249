using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>The role that an endpoint asks for; endpoints without one need no token.</summary>
internal sealed record RequiredRole(AdminRole Role);

/// <summary>Who calls, and whether they may.</summary>
internal sealed class AdminAuthentication(AdminAccess access, FailedAttempts failedAttempts)
{
    private const string Scheme = "Bearer ";
    private const string Anonymous = "anonymous";

    /// <summary>Lets the caller through, or gives the problem to answer with.</summary>
    public ProblemHttpResult? Refuse(HttpContext context, AdminRole required)
    {
        // One read: a reload in the middle must not mix who is known before with who is known after.
        var known = access.Current;
        var client = context.Connection.RemoteIpAddress?.ToString();
        if (known.Options.IsOpen)
        {
            return RefuseOpen(context, client);
        }

        if (Find(Credentials.Of(context), known) is not { } identity)
        {
            return RefuseUnknown(context);
        }

        context.Features.Set(CallerOf(identity.Name, identity.Role, client));
        return identity.Role >= required ? null : Problems.Of(
            ProblemCodes.Forbidden,
            $"{identity.Kind} {identity.Name} has the role {NameOf(identity.Role)}; this call needs {NameOf(required)}.");
    }

    /// <summary>Takes note of who calls, where that is known, and refuses nobody: for answers that everybody gets.</summary>
    public void Recognise(HttpContext context)
    {
        var known = access.Current;
        var client = context.Connection.RemoteIpAddress?.ToString();
        if (known.Options.IsOpen)
        {
            _ = RefuseOpen(context, client);
        }
        else if (Find(Credentials.Of(context), known) is { } identity)
        {
            context.Features.Set(CallerOf(identity.Name, identity.Role, client));
        }
    }

    /// <summary>Watches whether a caller who was let in may go on, for a call that lasts.</summary>
    public CallerAccess Watch(HttpContext context, AdminRole required)
    {
        // Read here: a reload looks at them while the request goes on.
        var credentials = Credentials.Of(context);
        return new CallerAccess(access, known => known.Options.IsOpen ? AdminRole.Admin : Find(credentials, known)?.Role, required);
    }

    public static Caller CallerOf(HttpContext context) => context.Features.Get<Caller>()
        ?? throw new InvalidOperationException("The endpoint asks for no role, so it has no caller.");

    private static Caller CallerOf(string name, AdminRole role, string? client) => new(name, client) { IsAdmin = role >= AdminRole.Admin };

    // The addresses in the configuration are checked at start. This holds for the sockets that the configuration does not know: those
    // that systemd has opened, and those of an application that maps the endpoints itself, with users of its own.
    private static ProblemHttpResult? RefuseOpen(HttpContext context, string? client)
    {
        if (context.User.Identity is { IsAuthenticated: true } user)
        {
            context.Features.Set(new Caller(user.Name ?? Anonymous, client));
            return null;
        }

        if (context.Connection.LocalIpAddress is { } local && !IPAddress.IsLoopback(local))
        {
            return Problems.Of(ProblemCodes.Forbidden, "No token is configured, so the API is open on a loopback address only. Configure BlueGreen:Admin:Tokens.");
        }

        context.Features.Set(new Caller(Anonymous, client));
        return null;
    }

    private ProblemHttpResult RefuseUnknown(HttpContext context)
    {
        if (failedAttempts.Add(ClientNetwork.Of(context.Connection.RemoteIpAddress)) is { } wait)
        {
            var seconds = (int)Math.Ceiling(wait.TotalSeconds);
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return Problems.Of(
                ProblemCodes.TooManyRequests,
                $"Authentication has failed more than {FailedAttempts.Allowed} times within a minute from this address; a valid token is let in all the same.");
        }

        context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
        return Problems.Of(
            ProblemCodes.Unauthorized,
            context.Request.Headers.Authorization.Count > 0 ? "The token is not known." :
            context.Connection.ClientCertificate is null ? "Send Authorization: Bearer <token>." :
            "The client certificate is not known, or not valid now.");
    }

    // A token that was sent decides, even where the connection has a certificate: who is meant must not depend on what fails.
    private static (string Kind, string Name, AdminRole Role)? Find(Credentials credentials, KnownCallers known)
    {
        if (credentials.HasAuthorization)
        {
            return credentials.TokenHash is { } hash && Find(known.Options, hash) is { } token ? ("Token", token.Name, token.Role) : null;
        }

        return credentials.Certificate is { } certificate && known.Find(certificate, credentials.Chain) is { } owner
            ? ("Client certificate", owner.Name, owner.Role)
            : null;
    }

    // Hashes of equal length, compared in constant time, all of them: the time says nothing about which one is near.
    private static AdminToken? Find(AdminOptions options, byte[] hash)
    {
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

    private static string NameOf(AdminRole role) => role switch
    {
        AdminRole.Viewer => "viewer",
        AdminRole.Operator => "operator",
        _ => "admin",
    };

    /// <summary>What a caller has sent to be known by.</summary>
    private sealed record Credentials(bool HasAuthorization, byte[]? TokenHash, X509Certificate2? Certificate, X509Certificate2Collection Chain)
    {
        public static Credentials Of(HttpContext context)
        {
            var header = context.Request.Headers.Authorization.ToString();
            return new(
                header.Length > 0,
                header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim())) : null,
                context.Connection.ClientCertificate,
                context.Features.Get<ClientChain>()?.Certificates ?? []);
        }
    }
}

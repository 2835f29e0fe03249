using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Client;

/// <summary>Accepts the gateway's certificate, or says what is wrong with it and what to do.</summary>
internal sealed class ServerJudge(GatewayAddress address, Setting? authorities)
{
    /// <exception cref="ServerNotTrustedException">The certificate is not accepted: the handshake fails with this.</exception>
    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => errors == SslPolicyErrors.None
        ? true
        : throw new ServerNotTrustedException(certificate is X509Certificate2 known ? WhatIsWrong(known, chain, errors) : "it has sent no certificate.");

    private string WhatIsWrong(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var statuses = chain?.ChainStatus ?? [];
        if (statuses.Any(status => status.Status == X509ChainStatusFlags.NotTimeValid))
        {
            return $"its certificate {certificate.Subject}, or one of those who have signed it, is not valid now; it is from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}.";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var why = string.Join(", ", statuses.Select(status => status.StatusInformation.Trim().TrimEnd('.')).Distinct(StringComparer.Ordinal));
            var remedy = authorities is null
                ? $"Name the file with its authority's certificate by {GlobalOptions.CaCert.Name} or ${GlobalOptions.CaCertVariable}."
                : $"{authorities.Value} of {authorities.Source} has to hold the root that it comes from.";
            return $"its certificate {certificate.Subject}, signed by {certificate.Issuer}, is not trusted ({why}). {remedy}";
        }

        return $"its certificate is not for {address.Url.Host}, but for {NamesOf(certificate)}. Call it by one of these in {GlobalOptions.Url.Name} or ${GlobalOptions.UrlVariable}.";
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(ip => ip.ToString())))
            .ToList();
        return names.Count == 0 ? certificate.Subject : string.Join(", ", names);
    }
}

/// <summary>The gateway's certificate is not accepted.</summary>
/// <param name="message">Why not, and what to do.</param>
internal sealed class ServerNotTrustedException(string message) : Exception(message);

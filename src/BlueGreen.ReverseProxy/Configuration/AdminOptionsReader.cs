using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads <c>BlueGreen:Admin</c>: at start, and again whenever the configuration has changed.</summary>
internal static class AdminOptionsReader
{
    private const int Sha256Bytes = 32;
    private const string UrlAllowed = "is not allowed: http://ADDRESS:PORT, https://ADDRESS:PORT or http://unix:/PATH, several separated by ';'";

    public static AdminOptions Read(SectionReader reader)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var options = new AdminOptions
        {
            Tokens = ReadTokens(reader.Section("Tokens"), names),
            ClientCertificates = ReadClientCertificates(reader.Section("ClientCertificates"), names),
            Certificate = ReadCertificate(reader.Section("Certificate")),
            Hosts = ReadHosts(reader),
            SocketMode = reader.Parse<UnixFileMode>(
                "SocketMode", AdminOptions.DefaultSocketMode, TryParseMode, "is not allowed: the permissions of the socket's file in octal, such as \"0660\""),
            Urls = [.. (reader.Text("Urls") ?? AdminOptions.DefaultUrls).Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
        };
        CheckUrls(reader, options);
        reader.RejectUnknown();
        return options;
    }

    private static void CheckUrls(SectionReader reader, AdminOptions options)
    {
        var isTls = false;
        foreach (var url in options.Urls)
        {
            if (!AdminUrl.TryParse(url, out var parsed))
            {
                reader.Error("Urls", url, UrlAllowed);
                continue;
            }

            isTls |= parsed.IsTls;
            if (parsed.SocketPath is { } path)
            {
                if (!Path.IsPathRooted(path) || Encoding.UTF8.GetByteCount(path) > AdminUrl.MaxSocketPathBytes)
                {
                    reader.Error("Urls", url, $"is not allowed: http://unix: and the absolute path of a socket, at most {AdminUrl.MaxSocketPathBytes} bytes long");
                }
            }
            else if (parsed.IsTls && options.Certificate is null)
            {
                reader.Error("Urls", url, "is not allowed without a certificate: configure BlueGreen:Admin:Certificate");
            }
            else if (options.Tokens.IsEmpty && !(parsed.IsTls && !options.ClientCertificates.IsEmpty) && !parsed.IsLoopback)
            {
                reader.Error("Urls", url, "is not allowed without a token: configure BlueGreen:Admin:Tokens, or listen on a loopback address");
            }
        }

        if (options.Urls.IsEmpty)
        {
            reader.Error("Urls", "", UrlAllowed);
        }

        if (!options.ClientCertificates.IsEmpty && !isTls)
        {
            reader.Error("ClientCertificates", null, "need an https address: there is none in BlueGreen:Admin:Urls");
        }
    }

    private static ImmutableArray<AdminToken> ReadTokens(SectionReader reader, HashSet<string> names)
    {
        var tokens = ImmutableArray.CreateBuilder<AdminToken>();
        foreach (var (_, entry) in reader.Children())
        {
            var name = ReadName(entry, names, "token");
            var hash = ReadHash(entry, "Sha256", "the token's SHA-256", isRequired: true);
            var role = ReadRole(entry);
            entry.RejectUnknown();
            tokens.Add(new AdminToken(name, hash, role));
        }

        return tokens.ToImmutable();
    }

    private static ImmutableArray<AdminClientCertificate> ReadClientCertificates(SectionReader reader, HashSet<string> names)
    {
        var certificates = ImmutableArray.CreateBuilder<AdminClientCertificate>();
        foreach (var (_, entry) in reader.Children())
        {
            var name = ReadName(entry, names, "client certificate or token");
            var thumbprint = ReadHash(entry, "Thumbprint", "the certificate's SHA-256", isRequired: false);
            var subject = entry.Text("Subject");
            var authority = entry.Text("CaPath");
            if (entry.Text("Thumbprint") is not null ? subject is not null || authority is not null : subject is null || authority is null)
            {
                entry.Error("Thumbprint", null, "must be there, or Subject and CaPath, and not both");
            }

            if (subject is not null && !TryParseSubject(subject, out subject))
            {
                entry.Error("Subject", entry.Text("Subject"), "is not allowed: a distinguished name, such as \"CN=ci, O=Example\"");
            }

            var role = ReadRole(entry);
            entry.RejectUnknown();
            certificates.Add(new AdminClientCertificate(name, thumbprint, subject, authority, role));
        }

        return certificates.ToImmutable();
    }

    private static CertificateOptions? ReadCertificate(SectionReader reader)
    {
        if (!reader.Exists)
        {
            return null;
        }

        var options = new CertificateOptions(reader.RequiredText("Path", "the file of the certificate, PEM or PKCS#12"), reader.Text("KeyPath"), reader.Text("Password"));
        reader.RejectUnknown();
        return options;
    }

    private static ImmutableArray<string> ReadHosts(SectionReader reader)
    {
        var hosts = reader.TextList("Hosts");
        foreach (var host in hosts.Where(host => Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown))
        {
            reader.Error("Hosts", host, "is not allowed: a host name or address without a port, such as \"gateway.example.com\"");
        }

        return hosts;
    }

    private static string ReadName(SectionReader entry, HashSet<string> names, string what)
    {
        var name = entry.RequiredText("Name", "the actor's name in history and audit");
        if (!names.Add(name) && name.Length > 0)
        {
            entry.Error("Name", name, $"is not allowed: another {what} has this name");
        }

        return name;
    }

    private static AdminRole ReadRole(SectionReader entry)
    {
        var role = entry.Name("Role", AdminRole.Viewer);
        if (entry.Text("Role") is null)
        {
            entry.Error("Role", null, "is missing: viewer, operator or admin");
        }

        return role;
    }

    // The value is never shown: somebody may have put the token itself there.
    private static ImmutableArray<byte> ReadHash(SectionReader entry, string key, string what, bool isRequired)
    {
        // As openssl prints a fingerprint: with colons.
        var text = entry.Text(key)?.Replace(":", "", StringComparison.Ordinal);
        if (text is { Length: Sha256Bytes * 2 } && text.All(char.IsAsciiHexDigit))
        {
            return [.. Convert.FromHexString(text)];
        }

        if (text is not null || isRequired)
        {
            entry.Error(key, null, $"{(text is null ? "is missing" : "is not allowed (value not shown)")}: {what} as 64 hexadecimal digits");
        }

        return [];
    }

    // In the one form that names of certificates are compared in.
    private static bool TryParseSubject(string text, out string? subject)
    {
        try
        {
            // Encoded and decoded again: the name of what was given as text is that text.
            subject = new X500DistinguishedName(new X500DistinguishedName(text).RawData).Name;
            return subject.Length > 0;
        }
        catch (CryptographicException)
        {
            subject = null;
            return false;
        }
    }

    private static bool TryParseMode(string text, out UnixFileMode mode)
    {
        mode = default;
        if (text.Length is < 3 or > 4 || text.Any(c => c is < '0' or > '7') || (text.Length == 4 && text[0] != '0'))
        {
            return false;
        }

        mode = (UnixFileMode)Convert.ToInt32(text, fromBase: 8);
        return true;
    }
}

using System.Security.Cryptography.X509Certificates;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.Checks;

/// <summary>Where the gateway listens: whether each address can be used, and whether two of them have the same port.</summary>
internal static class ListenerCheck
{
    private const string Urls = "Urls";
    private const string Allowed = "http://ADDRESS:PORT or https://ADDRESS:PORT";

    // X.509 extension of the certificate that `dotnet dev-certs` makes, which the server falls back on.
    private const string DeveloperCertificate = "1.3.6.1.4.1.311.84.1.1";

    public static IEnumerable<ConfigurationError> Find(IConfiguration configuration, AdminOptions admin)
    {
        var errors = new List<ConfigurationError>();
        var endpoints = Parse(EndpointsOf(configuration, errors), errors);
        var urls = Parse(UrlsOf(configuration), errors);

        // The server takes its endpoints in place of the URLs; sockets of systemd are in place of both lists.
        var used = ActivatedSockets.Proxy.Any() ? endpoints
            : endpoints.Count > 0 && !IsTrue(configuration["PreferHostingUrls"]) ? endpoints
            : urls;
        errors.AddRange(FindHttp3(configuration));
        if (ReferenceEquals(used, urls))
        {
            errors.AddRange(FindMissingCertificate(configuration, urls));
        }

        errors.AddRange(FindTwice([.. used, .. ActivatedSockets.Admin.Any() ? [] : AdminListeners(admin)]));
        return errors;
    }

    private static IEnumerable<(string Key, string Url)> UrlsOf(IConfiguration configuration)
    {
        var urls = Split(configuration[Urls]).Select(url => (Urls, url)).ToList();
        return urls.Count > 0
            ? urls
            : Split(configuration["Http_Ports"]).Select(port => ("Http_Ports", $"http://*:{port}"))
                .Concat(Split(configuration["Https_Ports"]).Select(port => ("Https_Ports", $"https://*:{port}")));
    }

    private static List<(string Key, string Url)> EndpointsOf(IConfiguration configuration, List<ConfigurationError> errors)
    {
        var found = new List<(string, string)>();
        foreach (var url in configuration.GetSection(KestrelKeys.Endpoints).GetChildren().Select(endpoint => endpoint.GetSection("Url")))
        {
            if (string.IsNullOrWhiteSpace(url.Value))
            {
                errors.Add(new(url.Path, null, $"is missing: {Allowed}"));
            }
            else
            {
                found.Add((url.Path, url.Value));
            }
        }

        return found;
    }

    private static IEnumerable<Listener> AdminListeners(AdminOptions admin)
    {
        // What is wrong with these has been said already.
        return Parse(admin.Urls.Select(url => ("BlueGreen:Admin:Urls", url)), errors: []);
    }

    private static List<Listener> Parse(IEnumerable<(string Key, string Url)> urls, List<ConfigurationError> errors)
    {
        var listeners = new List<Listener>();
        foreach (var (key, url) in urls)
        {
            if (WhatIsWrong(url, out var address) is { } wrong)
            {
                errors.Add(new(key, url, $"is not allowed: {wrong}"));
            }
            else
            {
                listeners.Add(new(key, url, address!));
            }
        }

        return listeners;
    }

    // Each of these the server would find out when it opens the port, and end with a stack trace.
    private static string? WhatIsWrong(string url, out BindingAddress? address)
    {
        address = null;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return $"{Allowed}, several separated by ';'";
        }

        if (address.Scheme is not ("http" or "https"))
        {
            return Allowed;
        }

        if (address.IsUnixPipe)
        {
            return Path.IsPathRooted(address.UnixPipePath) && Directory.Exists(Path.GetDirectoryName(address.UnixPipePath)) ? null : "the folder of the socket does not exist";
        }

        return address.IsNamedPipe && !OperatingSystem.IsWindows() ? "named pipes are there on Windows only"
            : address.PathBase.Length > 0 ? $"an address has no path: {Allowed}"
            : address.Port is < 0 or > ushort.MaxValue ? $"a port is a number from 0 to {ushort.MaxValue}"
            : address.Port == 0 && string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase) ? "localhost is two addresses and can't have a free port of each: 127.0.0.1:0, [::1]:0, or both"
            : null;
    }

    private static IEnumerable<ConfigurationError> FindTwice(IReadOnlyList<Listener> listeners)
    {
        for (var later = 1; later < listeners.Count; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                if (listeners[later].Overlaps(listeners[earlier]))
                {
                    yield return new(listeners[later].Key, listeners[later].Url, $"is not allowed: {listeners[earlier].Key} has {listeners[earlier].Url}, which is the same port");
                    break;
                }
            }
        }
    }

    // Its connections are none of the transport's that are counted, limited and closed in good order.
    private static IEnumerable<ConfigurationError> FindHttp3(IConfiguration configuration) =>
        configuration.GetSection(KestrelKeys.Endpoints).GetChildren().Append(configuration.GetSection("Kestrel:EndpointDefaults"))
            .Select(endpoint => endpoint.GetSection("Protocols"))
            .Where(protocols => Enum.TryParse<HttpProtocols>(protocols.Value, ignoreCase: true, out var parsed) && parsed.HasFlag(HttpProtocols.Http3))
            .Select(protocols => new ConfigurationError(protocols.Path, protocols.Value, "is not allowed: Http1, Http2 or Http1AndHttp2; the gateway does not speak HTTP/3"));

    private static IEnumerable<ConfigurationError> FindMissingCertificate(IConfiguration configuration, IEnumerable<Listener> urls)
    {
        var https = urls.Where(listener => listener.Address.Scheme == "https").ToList();
        return https.Count == 0 || configuration.GetSection("Kestrel:Certificates").GetChildren().Any() || HasDeveloperCertificate()
            ? []
            : https.Select(listener => new ConfigurationError(listener.Key, listener.Url, $"is not allowed without a certificate: configure {KestrelKeys.DefaultCertificate}"));
    }

    private static bool HasDeveloperCertificate()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        return store.Certificates.Any(certificate => certificate.Extensions.Any(extension => extension.Oid?.Value == DeveloperCertificate));
    }

    private static bool IsTrue(string? text) => text == "1" || string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);

    private static string[] Split(string? list) => (list ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace BlueGreen.Gateway;

/// <summary>The certificates of <c>Kestrel:Endpoints</c> that are files: a replaced one is taken up by new connections.</summary>
/// <remarks>
/// The server's own way to take one up is to close the listener and to open it again, and between the two connections are refused. So
/// each handshake of these endpoints asks here, and the server does not look. Endpoints with names (<c>Sni</c>), with client
/// certificates or with a certificate from a store are the server's: where there is one, it goes on looking, at all of them.
/// </remarks>
internal sealed class TrafficCertificates(
    IConfiguration configuration, IHostEnvironment host, BackgroundLoops loops, TimeProvider time, ILogger<TrafficCertificates> logger) : IDisposable
{
    private const string Server = "Kestrel";
    private const string Default = "Kestrel:Certificates:Default";

    // By the name of the endpoint.
    private readonly ConcurrentDictionary<string, ServerCertificate> _certificates = new(StringComparer.OrdinalIgnoreCase);
    private FilePoller? _poller;

    /// <summary>What is wrong with the files, by configuration key.</summary>
    public IEnumerable<ConfigurationError> FindErrors()
    {
        var errors = new List<ConfigurationError>();
        foreach (var found in Find())
        {
            CertificateFiles.LoadServer(found.Key, found.Files, errors);
        }

        return errors.Distinct();
    }

    /// <summary>Has the server's endpoints take their certificates from here.</summary>
    public void Configure(KestrelServerOptions kestrel)
    {
        var found = Find().ToList();
        var loader = kestrel.Configure(configuration.GetSection(Server), reloadOnChange: found.Count < HttpsEndpoints().Count());
        foreach (var (endpoint, key, files) in found)
        {
            loader.Endpoint(endpoint, bound => Bind(bound, _certificates[endpoint] = new ServerCertificate(key, files, logger)));
        }
    }

    public void Dispose() => _poller?.Dispose();

    private void Bind(EndpointConfiguration endpoint, ServerCertificate certificate)
    {
        _poller ??= new FilePoller("traffic", Reload, loops, time);
        var protocols = endpoint.HttpsOptions.SslProtocols;
        endpoint.ListenOptions.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = endpoint.HttpsOptions.HandshakeTimeout,
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Current,
                EnabledSslProtocols = protocols,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            }),
        });
    }

    private void Reload()
    {
        foreach (var certificate in _certificates.Values)
        {
            certificate.Reload();
        }
    }

    private IEnumerable<(string Endpoint, string Key, CertificateOptions Files)> Find()
    {
        foreach (var endpoint in HttpsEndpoints())
        {
            var own = endpoint.GetSection("Certificate");
            var certificate = own.Exists() ? own : configuration.GetSection(Default);
            if (certificate["Path"] is { Length: > 0 } path
                && certificate["Subject"] is null
                && !endpoint.GetSection("Sni").Exists()
                && (endpoint["ClientCertificateMode"] ?? configuration["Kestrel:EndpointDefaults:ClientCertificateMode"]) is null or nameof(ClientCertificateMode.NoCertificate))
            {
                yield return (endpoint.Key, certificate.Path, new(Full(path), certificate["KeyPath"] is { Length: > 0 } key ? Full(key) : null, certificate["Password"]));
            }
        }
    }

    private IEnumerable<IConfigurationSection> HttpsEndpoints() => configuration.GetSection($"{Server}:Endpoints").GetChildren()
        .Where(endpoint => endpoint["Url"]?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true);

    // Relative to the program's folder, as the server has it.
    private string Full(string path) => Path.Combine(host.ContentRootPath, path);
}

using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary>What may stand in front of a gateway: a TLS listener that lets nobody in without a client certificate of an authority whose root alone it knows.</summary>
internal sealed class StrictDoor : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _asked;

    private StrictDoor(WebApplication app)
    {
        _app = app;
    }

    public string Url => _app.Urls.Single();

    /// <summary>How many requests it has read.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public static async Task<StrictDoor> StartAsync(X509Certificate2 certificate, X509ChainPolicy clients, SslProtocols protocol)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                EnabledSslProtocols = protocol,
                ClientCertificateRequired = true,
                CertificateChainPolicy = clients,
                RemoteCertificateValidationCallback = (_, shown, _, errors) => shown is not null && errors == SslPolicyErrors.None,
            }),
        })));
        var door = new StrictDoor(builder.Build());
        door._app.MapGet("/v1/services", () =>
        {
            Interlocked.Increment(ref door._asked);
            return Results.Content("[]", "application/json");
        });
        await door._app.StartAsync();
        return door;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

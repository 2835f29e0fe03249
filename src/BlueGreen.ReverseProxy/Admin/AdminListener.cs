using System.Diagnostics;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Admin.Connections;
using BlueGreen.ReverseProxy.Admin.Document;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>
/// The admin API on listeners of its own: an application beside the proxy with nothing but these endpoints. No Host header and no
/// route can lead from the one to the other, because no pipeline has both.
/// </summary>
internal sealed partial class AdminListener(
    IServiceProvider proxy,
    BlueGreenOptions options,
    AdminCertificate certificate,
    AdminAuthentication authentication,
    AdminConnections connections,
    RefusedRequests refused,
    RefusalAudit refusals,
    GatewayReadiness readiness,
    BackgroundLoops loops,
    TimeProvider time,
    ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    // Callers that wait got their answer when the stop began. Who has not sent the whole of a request by now, or does not read the
    // answer, is cut off.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    // A request head is one packet or a few. It counts from the first byte; AdminConnections waits for that one.
    private static readonly TimeSpan RequestHeadTimeout = TimeSpan.FromSeconds(5);

    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(AdminListener).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // The server counts what frames the chunks as well; what is in them is counted where it is read.
            kestrel.Limits.MaxRequestBodySize = 2 * AdminBody.MaxBytes;
            kestrel.Limits.RequestHeadersTimeout = RequestHeadTimeout;

            // Outside of TLS, so that a handshake that does not come to its end holds nothing either.
            kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection => connections.TrackAsync(connection, next)));
            foreach (var url in ActivatedSockets.Admin.Any() ? [] : options.Admin.Urls)
            {
                Listen(kestrel, url);
            }
        });
        builder.WebHost.UseAdminSockets(options);
        builder.Services.AddRoutingCore().AddSingleton<ILoggerFactory>(new AdminLoggers(loggers)).AddFrom(proxy);
        builder.Services.AddAdminDocument();

        // Routing would answer a body of another type by itself, before anybody has asked who calls and with nothing in the audit.
        foreach (var policy in builder.Services.Where(service => service.ServiceType == typeof(MatcherPolicy) && service.ImplementationType?.Name == "AcceptsMatcherPolicy").ToList())
        {
            builder.Services.Remove(policy);
        }

        // The process is the outer host's to stop.
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, SilentLifetime>());
        var app = builder.Build();
        app.Use((context, next) =>
        {
            context.Features.Get<AdminConnection>()?.Use();
            BrowserRules.SetHeaders(context.Response.Headers);
            UnreadBodies.CloseConnectionAfter(context);
            return next(context);
        });
        app.UseStatusCodePages(pages => WriteStatusAsync(pages.HttpContext));
        app.UseRouting();
        AdminEndpoints.Map(app);
        app.Services.GetRequiredService<DiagnosticListener>().Subscribe(new MalformedRequests(refused, loops), name => name == MalformedRequests.EventName);
        await app.StartAsync(cancellationToken);
        _app = app;
        readiness.Stopping.Register(() => loops.Start("audit", refusals.FlushAsync));
        var logger = loggers.CreateLogger<AdminListener>();

        // A socket was bound under another name and renamed; the configured one is where it is.
        foreach (var url in app.Urls.Where(url => !AdminUrl.IsSocket(url)).Concat(options.Admin.Urls.Where(AdminUrl.IsSocket)))
        {
            LogListening(logger, url);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is null)
        {
            return;
        }

        using var limit = new CancellationTokenSource(StopTimeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // Closes idle connections, waits for requests, and aborts what is left when the time is over.
            await _app.StopAsync(over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Said below.
        }

        if (over.IsCancellationRequested)
        {
            LogCutOff(loggers.CreateLogger<AdminListener>());
        }
    }

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? default;

    private void Listen(KestrelServerOptions kestrel, string url)
    {
        if (!AdminUrl.TryParse(url, out var parsed))
        {
            throw new InvalidOperationException($"{url} was taken for valid.");
        }

        if (parsed.SocketPath is { } path)
        {
            kestrel.ListenUnixSocket(path);
        }
        else if (parsed.IsLocalhost)
        {
            kestrel.ListenLocalhost(parsed.Port, Configure);
        }
        else if (parsed.Address is { } address)
        {
            kestrel.Listen(address, parsed.Port, Configure);
        }
        else
        {
            kestrel.ListenAnyIP(parsed.Port, Configure);
        }

        void Configure(ListenOptions listen)
        {
            if (parsed.IsTls)
            {
                listen.UseHttps(certificate.Handshake);
            }
        }
    }

    // Routing has answered: nobody has asked yet who calls.
    private async Task WriteStatusAsync(HttpContext context)
    {
        var problem = Problems.Of(
            Problems.CodeOf(context.Response.StatusCode), $"{context.Request.Method} {context.Request.Path} is no call of this API; /openapi/v1.json lists them.");
        authentication.Recognise(context);
        await refused.NoteAsync(context, problem.ProblemDetails);
        await problem.ExecuteAsync(context);
    }

    [LoggerMessage(5101, LogLevel.Information, "Administration on {Url}")]
    private static partial void LogListening(ILogger logger, string url);

    [LoggerMessage(5102, LogLevel.Information, "Calls of the admin API that had not ended when the gateway did were cut off: a request that was not sent wholly, or an answer that was not read.")]
    private static partial void LogCutOff(ILogger logger);

    // "Now listening on" of this application reads as if traffic went there; LogListening says what it is.
    private sealed class AdminLoggers(ILoggerFactory inner) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName == "Microsoft.Hosting.Lifetime" ? NullLogger.Instance : inner.CreateLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public void Dispose()
        {
            // The process's own; not this application's to dispose of.
        }
    }

    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

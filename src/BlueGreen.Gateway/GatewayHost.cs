using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using BlueGreen.ReverseProxy;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace BlueGreen.Gateway;

/// <summary>The gateway as a process: its configuration, its listeners, its exit code.</summary>
internal static class GatewayHost
{
    // A gRPC stream may be quiet for hours; its client may also have been switched off.
    private static readonly TimeSpan Http2PingDelay = TimeSpan.FromMinutes(1);

    private const int Unexpected = 1;

    // EX_CONFIG of sysexits.h.
    private const int ConfigurationInvalid = 78;

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var builder = CreateBuilder(args);
            builder.AddGatewayLogging();
            var app = builder.Build();
            var run = RunAsync(app);
            await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var isClosed = await GatewayRun.TryDisposeAsync(app);
            var code = await run;
            return code == 0 && !isClosed ? Unexpected : code;
        }
        catch (BlueGreenConfigurationException exception)
        {
            return await RefuseAsync(exception.Errors);
        }
        catch (Exception exception) when (exception is StateUnreadableException || exception.InnerException is StateUnreadableException)
        {
            await Console.Error.WriteLineAsync(exception is StateUnreadableException ? exception.Message : exception.InnerException!.Message);
            return Unexpected;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException or SocketException)
        {
            await Console.Error.WriteLineAsync($"{exception.Message} Another process listens there, or the address is not this machine's: change --urls or BlueGreen:Admin:Urls.");
            return Unexpected;
        }
    }

    private static async Task<int> RunAsync(WebApplication app)
    {
        var errors = await GatewayConfiguration.FindErrorsAsync(app);
        if (errors.Count > 0)
        {
            return await RefuseAsync(errors);
        }

        await UseGatewayAsync(app);
        return await GatewayRun.ToEndAsync(app);
    }

    /// <summary>The application as the arguments say, before anything of it is built; its logs go nowhere yet.</summary>
    /// <exception cref="BlueGreenConfigurationException">The arguments, or a file that they name, can't be read.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        // A line ends with CR LF. A reader that takes LF alone sees a request end where another one does not.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", isEnabled: true);
        var (files, rest) = GatewayConfiguration.SplitArguments(args);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            // The shipped appsettings.json lies beside the program, wherever that is started from.
            ContentRootPath = AppContext.BaseDirectory,
            Args = [GatewayConfiguration.NoWatchers, .. rest],
        });
        GatewayConfiguration.KeepShippedFiles(builder.Configuration, AppContext.BaseDirectory);
        GatewayConfiguration.AddFiles(builder.Configuration, files, rest);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // The API's own bytes: the client handler has read them so, and ASCII would fail the response.
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.ConfigureHttpsDefaults(https => https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13);
            kestrel.Limits.Http2.KeepAlivePingDelay = Http2PingDelay;

            // What is wrong there is said with everything else that is, before a port is opened.
            ServerLimits.Read(builder.Configuration, kestrel.Limits, errors: []);
        });
        builder.Services.AddHostedService(provider => new ConfigurationReload(
            builder.Configuration,
            provider.GetRequiredService<BackgroundLoops>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ConfigurationReload>>()));
        builder.Services.AddSingleton<TrafficCertificates>();
        builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(provider =>
            new ConfigureOptions<KestrelServerOptions>(provider.GetRequiredService<TrafficCertificates>().Configure));
        if (!GatewayConfiguration.NamesListeners(builder.Configuration))
        {
            builder.WebHost.UseUrls(GatewayConfiguration.DefaultUrls);
        }

        // The keys of affinity cookies: kept with the state, so that a restart does not scatter the sessions.
        builder.Services.AddDataProtection().SetApplicationName("BlueGreen.Gateway");
        builder.Services.AddOptions<KeyManagementOptions>().Configure<ILoggerFactory>((keys, loggers) =>
            keys.XmlRepository = new AffinityKeyRepository(new DirectoryInfo(Path.Combine(StateFolder(builder.Configuration), "keys")), loggers));
        builder.Services
            .AddReverseProxy()
            .LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"))
            .AddBlueGreen(builder.Configuration)
            .AddBlueGreenAdminListener()
            .AddBlueGreenListeners();
        return builder;
    }

    /// <summary>Takes the state and sets up the pipeline of the built application, whose configuration has no errors.</summary>
    public static async Task UseGatewayAsync(WebApplication app)
    {
        await app.Services.WaitForBlueGreenStateAsync();
        app.UseBlueGreenConnectionClose();
        app.UseBlueGreenRequestGuard();
        app.UseBlueGreenRoutePolicies();
        app.MapReverseProxy(proxy => proxy.UseBlueGreen());
    }

    private static string StateFolder(ConfigurationManager configuration) =>
        Path.GetFullPath(configuration["BlueGreen:State:Directory"] is { Length: > 0 } folder ? folder : new StateOptions().Directory);

    private static async Task<int> RefuseAsync(IReadOnlyList<ConfigurationError> errors)
    {
        foreach (var error in errors)
        {
            await Console.Error.WriteLineAsync(error.ToString());
        }

        return ConfigurationInvalid;
    }
}

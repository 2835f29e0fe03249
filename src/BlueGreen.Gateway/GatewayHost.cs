using System.Security.Authentication;
using System.Text;
using BlueGreen.Gateway.Checks;
using BlueGreen.Gateway.CommandLine;
using BlueGreen.ReverseProxy;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Reload;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.Gateway;

/// <summary>The gateway as a process: its configuration, its listeners, its exit code.</summary>
internal static partial class GatewayHost
{
    /// <summary>The command line is not understood: EX_USAGE of sysexits.h.</summary>
    public const int UsageInvalid = 64;

    /// <summary>The configuration has errors: EX_CONFIG of sysexits.h.</summary>
    public const int ConfigurationInvalid = 78;

    // A gRPC stream may be quiet for hours; its client may also have been switched off.
    private static readonly TimeSpan Http2PingDelay = TimeSpan.FromMinutes(1);

    private const int Unexpected = 1;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var arguments = GatewayArguments.Parse(args);
        if (arguments.WantsHelp || arguments.WantsVersion)
        {
            await output.WriteLineAsync(arguments.WantsHelp ? HelpText.Help : HelpText.Version);
            return 0;
        }

        if (OpenFiles.RaiseLimit() is { } limit and < OpenFiles.Least)
        {
            // Now, for later there may be none left to load what an error message needs.
            await WriteAsync([OpenFiles.TooFew(limit, OpenFiles.Least)], error);
            return ConfigurationInvalid;
        }

        try
        {
            var builder = CreateBuilder(args);
            builder.AddGatewayLogging();
            var app = builder.Build();
            var run = RunAsync(app, error);
            await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var isClosed = await GatewayRun.TryDisposeAsync(app);
            var code = await run;
            return code == 0 && !isClosed ? Unexpected : code;
        }
        catch (GatewayUsageException exception)
        {
            await WriteAsync(exception.Errors, error);
            await error.WriteLineAsync($"See: {HelpText.Name} {GatewayArguments.Help}");
            return UsageInvalid;
        }
        catch (BlueGreenConfigurationException exception)
        {
            await WriteAsync(exception.Errors, error);
            return ConfigurationInvalid;
        }
        catch (Exception exception) when (StartFailure.Explain(exception) is not null)
        {
            await error.WriteLineAsync(StartFailure.Explain(exception));
            return Unexpected;
        }
    }

    private static async Task<int> RunAsync(WebApplication app, TextWriter error)
    {
        var errors = await GatewayCheck.FindErrorsAsync(app);
        if (errors.Count > 0)
        {
            await WriteAsync(errors, error);
            return ConfigurationInvalid;
        }

        await UseGatewayAsync(app);
        if (app.Services.GetRequiredService<DescriptorCheck>().FindError() is { } tooFew)
        {
            await WriteAsync([tooFew], error);
            return ConfigurationInvalid;
        }

        return await GatewayRun.ToEndAsync(app);
    }

    /// <summary>The application as the arguments say, before anything of it is built; its logs go nowhere yet.</summary>
    /// <exception cref="GatewayUsageException">The arguments can't be understood.</exception>
    /// <exception cref="BlueGreenConfigurationException">A file that they name can't be read.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        // A line ends with CR LF. A reader that takes LF alone sees a request end where another one does not.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", isEnabled: true);
        var arguments = GatewayArguments.Parse(args);
        if (arguments.Errors.Count > 0)
        {
            throw new GatewayUsageException(arguments.Errors);
        }

        var builder = CreateFrameworkBuilder(arguments.Settings);
        GatewayConfiguration.KeepShippedFiles(builder.Configuration, AppContext.BaseDirectory);
        GatewayConfiguration.AddFiles(builder.Configuration, arguments.Files, arguments.Settings);
        builder.Services.AddSingleton(LogCheck.Of(builder.Configuration));
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
            provider.GetRequiredService<ReloadStatus>(),
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
        builder.AddBlueGreenGateway();
        return builder;
    }

    /// <summary>Takes the state and sets up the pipeline of the built application, whose configuration has no errors.</summary>
    public static async Task UseGatewayAsync(WebApplication app)
    {
        await app.Services.WaitForBlueGreenStateAsync();
        app.MapBlueGreenGateway();
        if (app.Services.GetRequiredService<BlueGreenOptions>().Services.Count == 0
            && app.Services.GetServices<IProxyConfigProvider>().All(provider => provider.GetConfig().Routes.Count == 0))
        {
            LogNothingConfigured(app.Logger, HelpText.Name);
        }
    }

    private static WebApplicationBuilder CreateFrameworkBuilder(string[] settings)
    {
        try
        {
            return WebApplication.CreateBuilder(new WebApplicationOptions
            {
                // The shipped appsettings.json lies beside the program, wherever that is started from.
                ContentRootPath = AppContext.BaseDirectory,
                Args = [GatewayConfiguration.NoWatchers, .. settings],
            });
        }
        catch (InvalidDataException exception)
        {
            // Only of the shipped files, which somebody may have edited.
            throw new BlueGreenConfigurationException([new("appsettings.json", null, $"{exception.Message} {exception.InnerException?.Message}")]);
        }
    }

    private static string StateFolder(ConfigurationManager configuration) =>
        Path.GetFullPath(configuration["BlueGreen:State:Directory"] is { Length: > 0 } folder ? folder : new StateOptions().Directory);

    private static async Task WriteAsync(IReadOnlyList<ConfigurationError> errors, TextWriter output)
    {
        foreach (var error in errors)
        {
            await output.WriteLineAsync(error.ToString());
        }
    }

    [LoggerMessage(8104, LogLevel.Warning, "There is no route and no service: every request is answered with 404. Start the gateway with a configuration: {Program} --config FILE (see --help).")]
    private static partial void LogNothingConfigured(ILogger logger, string program);
}

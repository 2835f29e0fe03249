using System.Diagnostics;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Fits the number of connections to the file descriptors that there are, when the gateway starts.</summary>
internal sealed partial class DescriptorCheck(
    BlueGreenOptions options,
    DescriptorBudget budget,
    IEnumerable<IProxyConfigProvider> providers,
    ILogger<DescriptorCheck> logger) : IHostedService
{
    // For accepting, the files of the state and the log, lookups of names and assemblies loaded late.
    private const int Reserve = 48;

    // With fewer for traffic there are soon none left for the process itself, and the runtime ends it.
    private const int Least = 16;

    // What is opened between the question and the start.
    private const int ForTheStart = 24;

    /// <summary>Whether there are too few for the gateway itself. Ask before the start: what a start has begun ends in noise when it fails.</summary>
    public ConfigurationError? FindError() =>
        OpenFiles.RaiseLimit() is { } limit && limit - Own(limit) - ForTheStart is var left and < Least ? OpenFiles.TooFew(limit, limit - left + Least) : null;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (OpenFiles.RaiseLimit() is { } limit)
        {
            var total = limit - Own(limit);
            if (total < Least)
            {
                throw new BlueGreenConfigurationException([OpenFiles.TooFew(limit, limit - total + Least)]);
            }

            LoadForErrors();
            budget.Total = total;
            var wanted = options.Listen.MaxConnections;
            if (wanted == 0 || wanted > budget.Connections)
            {
                LogLowered(logger, limit, budget.Connections, wanted == 0 ? "no limit" : $"{wanted}");
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private long Own(long limit) => OpenFiles.Count() + Reserve + OpenFiles.ForAdministration(limit) + CountDestinations();

    // What describes an exception is loaded from files when the first one is described. That must not be when no file can be opened.
    private static void LoadForErrors() => _ = new StackTrace(new InvalidOperationException(), fNeedFileInfo: true).ToString();

    // Each is probed over a connection of its own.
    private long CountDestinations() => providers.Sum(provider => provider.GetConfig().Clusters.Sum(cluster => (long)(cluster.Destinations?.Count ?? 0)));

    [LoggerMessage(7101, LogLevel.Warning, "The limit of open files is {Limit}: {Connections} connections of clients fit, in place of {Wanted} (BlueGreen:Listen:MaxConnections). Raise it (LimitNOFILE= of systemd, ulimits of a container), or set MaxConnections.")]
    private static partial void LogLowered(ILogger logger, long limit, long connections, string wanted);
}

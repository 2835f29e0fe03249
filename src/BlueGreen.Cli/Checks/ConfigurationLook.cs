using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;
using BlueGreen.Gateway;
using BlueGreen.Gateway.Checks;
using BlueGreen.Gateway.CommandLine;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.Cli.Checks;

/// <summary>Something that the gateway would start with, and that somebody should know.</summary>
/// <param name="Key">The key of the configuration.</param>
/// <param name="Detail">What was found, and what to do.</param>
internal sealed record Finding(string Key, string Detail);

/// <summary>What was found in a configuration.</summary>
/// <param name="Errors">Each ends the gateway's start.</param>
/// <param name="Warnings">Only looked for where there are no errors.</param>
/// <param name="GatewayExitCode">What the gateway would end with; 0 if it would start.</param>
internal sealed record ConfigurationReport(IReadOnlyList<ConfigurationError> Errors, IReadOnlyList<Finding> Warnings, int GatewayExitCode);

/// <summary>Looks at a configuration: the gateway's own validation, then what can be seen without starting it.</summary>
internal static class ConfigurationLook
{
    /// <summary>Looks.</summary>
    /// <param name="arguments">The gateway's arguments.</param>
    /// <param name="offline">Whether to leave the destinations alone.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    public static async Task<ConfigurationReport> LookAsync(
        string[] arguments, bool offline, CancellationToken cancellationToken)
    {
        try
        {
            var builder = GatewayHost.CreateBuilder(arguments);
            builder.Logging.ClearProviders();
            await using var app = builder.Build();
            var errors = await GatewayCheck.FindErrorsAsync(app);
            return errors.Count > 0
                ? new(errors, [], GatewayHost.ConfigurationInvalid)
                : new([], await FindWarningsAsync(app, offline, cancellationToken), ExitCodes.Done);
        }
        catch (BlueGreenConfigurationException exception)
        {
            return new(exception.Errors, [], GatewayHost.ConfigurationInvalid);
        }
        catch (GatewayUsageException exception)
        {
            return new(exception.Errors, [], GatewayHost.UsageInvalid);
        }
    }

    private static async Task<IReadOnlyList<Finding>> FindWarningsAsync(WebApplication app, bool offline, CancellationToken cancellationToken)
    {
        var options = app.Services.GetRequiredService<BlueGreenOptions>();
        var configs = app.Services.GetServices<IProxyConfigProvider>().Select(provider => provider.GetConfig()).ToList();
        var clusters = configs.SelectMany(config => config.Clusters).ToDictionary(cluster => cluster.ClusterId, StringComparer.OrdinalIgnoreCase);
        var routes = configs.SelectMany(config => config.Routes).ToList();
        var findings = new List<Finding>();
        if (options.Services.Count == 0)
        {
            findings.Add(new("BlueGreen:Services", "There are no services, so there is nothing to switch."));
        }

        findings.AddRange(routes
            .Where(route => route.ClusterId is { } cluster && !clusters.ContainsKey(cluster))
            .Select(route => new Finding(
                $"ReverseProxy:Routes:{route.RouteId}:ClusterId",
                $"\"{route.ClusterId}\" is no cluster: every request of this route is answered with 503.{(options.Services.TryGetValue(route.ClusterId!, out var meant) ? $" It is a service; its routes name its cluster {meant.Blue}." : null)}")));
        foreach (var service in options.Services.Values.OrderBy(service => service.Name, StringComparer.Ordinal))
        {
            var (blue, green) = (clusters[service.Blue], clusters[service.Green]);
            findings.AddRange(ServiceFindings.Of(service, blue, green, routes));
            if (!offline)
            {
                findings.AddRange(await ProbeAsync(app.Services.GetRequiredService<ProbeClient>(), service, blue, green, cancellationToken));
            }
        }

        return findings;
    }

    private static async Task<IReadOnlyList<Finding>> ProbeAsync(
        ProbeClient client, ServiceOptions service, ClusterConfig blue, ClusterConfig green, CancellationToken cancellationToken)
    {
        var probes = await Task.WhenAll(new[] { (Slot: SlotName.Blue, Cluster: blue), (Slot: SlotName.Green, Cluster: green) }
            .SelectMany(slot => (slot.Cluster.Destinations ?? new Dictionary<string, DestinationConfig>(StringComparer.Ordinal))
                .Select(async destination => new ProbeSeen(
                    slot.Slot,
                    destination.Key,
                    destination.Value.Address,
                    await client.ProbeAsync(service.Health, slot.Cluster, destination.Value, cancellationToken)))));
        return [.. ServiceFindings.Of(service, probes)];
    }
}

/// <summary>One probe of a destination.</summary>
/// <param name="Slot">The destination's slot.</param>
/// <param name="Id">Its id.</param>
/// <param name="Address">Its address.</param>
/// <param name="Probe">The result.</param>
internal sealed record ProbeSeen(SlotName Slot, string Id, string Address, ProbeStatus Probe);

using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Deploying;

/// <summary>
/// What a pipeline finds that runs again after its release has switched: its deployment in the active slot. Deploying it into the
/// standby would take the way back away, and a cutover to the standby would bring the old version back.
/// </summary>
internal static class PreviousRun
{
    /// <summary>Whether the active slot holds just these destinations, and this version.</summary>
    public static bool HoldsDeployment(ServiceStatus status, IEnumerable<Destination> destinations, string? version)
    {
        var active = status.Slots.Of(status.Active);
        return destinations.Select(destination => destination.Address.TrimEnd('/')).ToHashSet(StringComparer.Ordinal)
                .SetEquals(active.Destinations.Select(destination => destination.Address.TrimEnd('/')))
            && (version is null || version == active.Version);
    }

    /// <summary>Whether this version takes the traffic already, and only this one.</summary>
    public static bool IsActive(ServiceStatus status, string version) =>
        status.Slots.Of(status.Active).Version == version && status.Slots.Of(status.Standby).Version != version;

    /// <summary>The release that brought what is active now; null when none did, or when something happened since.</summary>
    public static async Task<string?> FindReleaseAsync(Session session, ServiceStatus status, CancellationToken cancellationToken)
    {
        if (status.Release is { } running)
        {
            return running.Kind == ReleaseKind.Cutover && running.SwitchedAt is not null ? running.Id : null;
        }

        var releases = (await session.Client.GetAsync($"/v1/releases?limit=20&service={Uri.EscapeDataString(status.Name)}", cancellationToken))
            .Read(ContractsJson.Default.IReadOnlyListRelease);
        return releases.FirstOrDefault(release => release.SwitchedAt is not null) is { Kind: ReleaseKind.Cutover, Id: { } last } ? last : null;
    }

    public static async Task<ServiceStatus> GetStatusAsync(Session session, string service, CancellationToken cancellationToken) =>
        (await session.Client.GetAsync(ApiPath.Service(service), cancellationToken)).Read(ContractsJson.Default.ServiceStatus);
}
